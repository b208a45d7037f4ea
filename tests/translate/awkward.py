"""Awkward definitions, by the version that takes them: bodies of create-index requests, as data.

Each was made on a real node of that version. The words of 7 and newer are those that a node without modules knows.
"""

from __future__ import annotations

from typing import Any, Final

Json = dict[str, Any]


def _string(**more: Any) -> Json:  # noqa: ANN401  # JSON
    return {"type": "string", **more}


def _deep(depth: int, leaf: Json) -> Json:
    return {"properties": {"d": _deep(depth - 1, leaf) if depth else leaf}}


IN_2: Final[dict[str, Json]] = {
    "strings": {
        "mappings": {
            "doc": {
                "properties": {
                    "plain": _string(),
                    "exact": _string(index="not_analyzed", norms={"enabled": True}, similarity="default"),
                    "hidden": _string(index="no", store=True),
                    "only-values": _string(index="no", doc_values=True),
                    "quiet": _string(norms={"enabled": False, "loading": "eager"}, index_options="docs"),
                    "heavy": _string(fielddata={"loading": "eager", "filter": {"frequency": {"min": 0.001, "max": 5}}}),
                    "unloaded": _string(fielddata={"format": "disabled"}),
                    "ordinals": _string(index="not_analyzed", fielddata={"loading": "eager_global_ordinals"}),
                    "short": _string(analyzer="keyword", ignore_above=10, null_value="none"),
                    "vectors": _string(term_vector="with_positions_offsets", position_increment_gap=5),
                    "offsets": _string(index="not_analyzed", index_options="offsets", term_vector="yes"),
                    "many": _string(fields={"raw": _string(index="not_analyzed", ignore_above=20), "en": _string()}),
                    "asked": _string(
                        analyzer="simple", search_analyzer="whitespace", boost=3.0, copy_to=["all", "too"]
                    ),
                    "all": _string(),
                    "too": _string(include_in_all=False),
                }
            }
        }
    },
    "numbers and places": {
        "mappings": {
            "doc": {
                "properties": {
                    "n": {"type": "long", "precision_step": 8, "index": "no", "boost": 2.0, "include_in_all": False},
                    "s": {"type": "short", "store": "yes", "coerce": False, "ignore_malformed": True},
                    "f": {"type": "double", "fielddata": {"format": "doc_values"}, "similarity": "BM25"},
                    "b": {"type": "boolean", "index": "not_analyzed", "null_value": True, "boost": 1.5},
                    "i": {"type": "ip", "index": "not_analyzed", "precision_step": 4, "boost": 2.0},
                    "x": {"type": "binary", "index": "no", "store": True},
                    "p": {
                        "type": "geo_point",
                        "lat_lon": True,
                        "geohash": True,
                        "geohash_prefix": True,
                        "geohash_precision": 7,
                        "precision_step": 8,
                        "ignore_malformed": True,
                    },
                    "o": {"type": "object", "dynamic": "strict", "include_in_all": False, "properties": {}},
                    "k": {"type": "nested", "include_in_parent": True, "properties": {"v": _string()}},
                }
            }
        }
    },
    "dates": {
        "mappings": {
            "doc": {
                "dynamic_date_formats": ["YYYY/MM/dd", "dateOptionalTime"],
                "properties": {
                    "a": {"type": "date", "format": "dateOptionalTime"},
                    "b": {"type": "date", "format": "basicDateTimeNoMillis||YYYY/MM/dd"},
                    "c": {"type": "date", "format": "xxxx-'W'ww-e"},
                    "d": {"type": "date", "format": "yyyy-MM-dd'T'HH:mm:ssZZ", "numeric_resolution": "seconds"},
                    "e": {"type": "date", "format": "EEE MMM dd HH:mm:ss Z YYYY", "locale": "en"},
                    "f": {"type": "date", "format": "hh:mm aa, 'Year' YYYY"},
                    "g": {"type": "date", "precision_step": 8, "doc_values": False, "boost": 2.0},
                    "h": {"type": "date", "format": "strictDateTimeNoMillis||epoch_second"},
                    "i": {"type": "date", "format": "yyyyMMddHHmmss.SSS"},
                },
            }
        }
    },
    "suggestions": {
        "mappings": {
            "doc": {
                "properties": {
                    "s": {
                        "type": "completion",
                        "analyzer": "simple",
                        "payloads": True,
                        "max_input_length": 20,
                        "context": {
                            "colour": {"type": "category", "path": "colour", "default": ["red"]},
                            "place": {"type": "geo", "precision": ["5km", "1m"], "neighbors": True},
                        },
                    },
                    "colour": _string(index="not_analyzed"),
                }
            }
        }
    },
    "a family": {
        "mappings": {
            "_default_": {"_all": {"enabled": False}, "dynamic": "false"},
            "blog": {"_timestamp": {"enabled": True}, "properties": {"title": _string(ignore_above=9, copy_to="all")}},
            "post": {
                "_parent": {"type": "blog"},
                "_ttl": {"enabled": True, "default": "1d"},
                "_routing": {"required": True},
                "_meta": {"version": 3},
                "dynamic": "strict",
                "date_detection": False,
                "include_in_all": False,
                "transform": {"script": "ctx._source.a = 1"},
                "properties": {
                    "title": _string(ignore_above=5, copy_to=["all", "other"]),
                    "inner": {"properties": {"x": {"type": "long"}}},
                },
            },
            "note": {
                "dynamic_templates": [{"any": {"match": "*", "mapping": {"type": "{dynamic_type}"}}}],
                "properties": {"inner": {"type": "object"}},
            },
        }
    },
    "templates of fields": {
        "mappings": {
            "doc": {
                "dynamic_templates": [
                    {"never": {"match_mapping_type": "integer", "mapping": {"type": "long"}}},
                    {"exact": {"match": "*", "match_mapping_type": "string", "mapping": {"index": "not_analyzed"}}},
                    {"any": {"match": "*", "mapping": {"type": "{dynamic_type}", "index": "not_analyzed"}}},
                    {"names": {"path_match": "n.*", "mapping": _string(norms={"enabled": False}, store="yes")}},
                    {"rest": {"match_mapping_type": "*", "mapping": {"doc_values": True}}},
                ]
            }
        }
    },
    "odd names": {
        "mappings": {
            "doc": {
                "properties": {
                    "": _string(),
                    " ": _string(),
                    "properties": _string(),
                    "type": {"type": "long"},
                    "fields": _string(fields={"fields": _string(index="not_analyzed")}),
                    "_hidden": _string(),
                    "ünï": {"type": "long"},
                }
            }
        }
    },
    "more than the limits": {
        "settings": {"index.mapping.nested_fields.limit": 60},
        "mappings": {
            "doc": {
                "properties": {
                    **{f"a{number:04d}": {"type": "integer"} for number in range(1200)},
                    **{f"n{number:02d}": {"type": "nested", "properties": {"v": _string()}} for number in range(60)},
                    "deep": _deep(24, _string()),
                }
            }
        },
    },
    "settings": {
        "settings": {
            "index": {
                "number_of_shards": 3,
                "refresh_interval": "5000",
                "gc_deletes": "60",
                "foo": {"bar": "1"},
                "mapper.dynamic": "false",
                "cache.query.enable": "true",
                "requests.cache.enable": "yes",
                "mapping.coerce": "off",
                "mapping.ignore_malformed": "1",
                "auto_expand_replicas": "no",
                "store.type": "default",
                "codec": "best_compression",
                "translog": {"flush_threshold_ops": "5", "interval": "5s", "flush_threshold_size": "1000000"},
                "merge.policy": {"max_merged_segment": "5000000", "type": "tiered", "reclaim_deletes_weight": "2.0"},
                "search.slowlog.threshold.query.warn": "10",
                "search.slowlog.level": "info",
                "shard.check_on_startup": "fix",
                "recovery.initial_shards": "quorum",
                "ttl.disable_purge": "true",
                "routing.allocation.include.box": "hot",
                "blocks.write": "false",
                "warmer.enabled": "false",
                "percolator.map_unmapped_fields_as_string": "true",
                "optimize_auto_generated_id": "true",
                "similarity": {
                    "default": {"type": "default", "discount_overlaps": "false"},
                    "mine": {"type": "DFR", "basic_model": "be", "after_effect": "no", "normalization": "h2", "x": 1},
                },
            }
        },
        "mappings": {"doc": {"properties": {"f": _string(similarity="mine")}}},
        "aliases": {
            "accepted-both": {"filter": {"and": [{"term": {"f": "a"}}, {"not": {"missing": {"field": "g"}}}]}},
            "accepted-some": {
                "filter": {"or": {"filters": [{"query": {"match": {"f": "b"}}}, {"type": {"value": "doc"}}]}}
            },
            "accepted-plain": {"routing": "r"},
        },
    },
}

WITH_MODULES_IN_2: Final[dict[str, Json]] = {
    "old words": {
        "settings": {
            "index": {
                "analysis": {
                    "filter": {
                        "grams": {"type": "nGram", "min_gram": 2, "max_gram": 9},
                        "edges": {"type": "edgeNGram", "min_gram": 1, "max_gram": 20},
                        "nothing": {"type": "standard"},
                        "pairs": {"type": "shingle", "max_shingle_size": 9},
                        "split": {"type": "word_delimiter"},
                        "same": {"type": "synonym", "synonyms": ["wi-fi, wifi"]},
                        "paid": {"type": "delimited_payload_filter"},
                    },
                    "tokenizer": {"t": {"type": "nGram", "min_gram": 1, "max_gram": 4}, "p": {"type": "PathHierarchy"}},
                    "analyzer": {
                        "a": {
                            "type": "custom",
                            "tokenizer": "standard",
                            "filter": ["standard", "nothing", "lowercase", "grams"],
                        },
                        "b": {
                            "tokenizer": "edgeNGram",
                            "filter": "standard, lowercase, nGram",
                            "char_filter": "htmlStrip",
                        },
                        "c": {"type": "custom", "tokenizer": "p", "filter": ["split", "same", "pairs"]},
                        "d": {"type": "standard_html_strip"},
                        "e": {"type": "simple", "alias": "easy"},
                        "f": {
                            "type": "custom",
                            "tokenizer": "t",
                            "position_increment_gap": 5,
                            "filter": ["edges", "paid"],
                        },
                        "default_index": {"type": "whitespace"},
                    },
                }
            }
        },
        "mappings": {
            "doc": {"properties": {name: {"type": "string", "analyzer": name} for name in ("a", "b", "c", "d", "f")}}
        },
    },
    "an analyzer without a definition": {
        "mappings": {"doc": {"properties": {"f": _string(analyzer="standard_html_strip")}}}
    },
    "shapes and counts": {
        "mappings": {
            "doc": {
                "properties": {
                    "g": {"type": "geo_shape", "tree": "quadtree", "precision": "100m", "points_only": True},
                    "c": {"type": "token_count", "analyzer": "standard", "precision_step": 4},
                }
            }
        }
    },
}
"""What needs a module (analysis-common, spatial, mapper-extras): 5.6.16 and 6.8.23 have those, newer nodes here not."""

IN_5: Final[dict[str, Json]] = {
    "types and parents": {
        "settings": {
            "index": {"mapper.dynamic": "true", "queries.cache.everything": "true", "store.throttle.type": "none"}
        },
        "mappings": {
            "_default_": {"_all": {"enabled": True}},
            "parent": {"properties": {"t": {"type": "text", "include_in_all": False}}},
            "child": {
                "_parent": {"type": "parent"},
                "_size": {},
                "properties": {
                    "t": {"type": "text"},
                    "k": {"type": "keyword", "similarity": "classic", "boost": 2.0, "norms": True},
                    "d": {"type": "date", "format": "YYYY-MM-dd HH:mm:ss||weekyearWeekDay"},
                    "g": {"type": "geo_point", "boost": 2.0, "similarity": "BM25"},
                    "c": {"type": "completion", "contexts": [{"name": "x", "type": "category", "path": "k"}]},
                    "r": {"type": "long_range", "index": "no"},
                    "b": {"type": "binary", "index": False},
                    "m.n": {"type": "long", "store": "yes", "index_options": "docs"},
                },
            },
        },
    },
    "one type": {
        "settings": {"index": {"mapping.single_type": "true", "requests.cache.enable": "1"}},
        "mappings": {"doc": {"dynamic": "strict", "properties": {"f": {"type": "text", "fielddata": True}}}},
    },
}
del IN_5["types and parents"]["mappings"]["child"]["_size"]  # a plugin's

IN_6: Final[dict[str, Json]] = {
    "last of its kind": {
        "settings": {
            "index": {
                "soft_deletes.enabled": "false",
                "translog.retention.size": "512mb",
                "mapper.dynamic": "true",
                "max_adjacency_matrix_filters": "50",
                "merge.policy.reclaim_deletes_weight": "2.0",
                "similarity": {"old": {"type": "classic"}, "d": {"type": "BM25", "k1": "1.3", "unknown": "1"}},
            }
        },
        "mappings": {
            "log": {
                "_all": {"enabled": False},
                "_field_names": {"enabled": False},
                "include_in_all": False,
                "properties": {
                    "d": {"type": "date", "format": "8uuuu-MM-dd||yyyy-MM-dd'T'HH:mm:ssZ"},
                    "t": {"type": "text", "similarity": "old", "index_prefixes": {}, "index_phrases": True},
                    "u": {"type": "text", "similarity": "classic", "boost": 0.5},
                    "a": {"type": "alias", "path": "d"},
                },
            }
        },
    },
}

IN_7: Final[dict[str, Json]] = {
    "the words of 7": {
        "settings": {
            "index": {
                "soft_deletes.enabled": "false",
                "force_memory_term_dictionary": "true",
                "translog.retention.age": "1h",
                "indexing.slowlog.level": "info",
                "mapper.dynamic": "true",
                "routing.allocation.include._tier_preference": "data_hot",
                "hidden": "true",
            }
        },
        "mappings": {
            "_field_names": {"enabled": False},
            "dynamic": "runtime",
            "runtime": {"r": {"type": "long"}},
            "dynamic_templates": [{"t": {"match_mapping_type": "string", "mapping": {"type": "text", "boost": 2}}}],
            "properties": {
                "week": {"type": "date", "format": "YYYY-'W'ww-e||basicDateTime"},
                "flat": {"type": "flattened", "depth_limit": 5},
                "boosted": {"type": "text", "boost": 2.0, "meta": {"unit": "words"}},
                "nanos": {"type": "date_nanos", "format": "strictDateOptionalTime"},
                "range": {"type": "date_range", "format": "yyyy-MM-dd"},
                " ": {"type": "keyword"},
            },
        },
    },
}

IN_8: Final[dict[str, Json]] = {
    "the words of 8": {
        "settings": {"index": {"mapping.total_fields.ignore_dynamic_beyond_limit": "true", "search.idle.after": "30s"}},
        "mappings": {
            "subobjects": False,
            "dynamic_templates": [{"t": {"match_mapping_type": "string", "runtime": {}}}],
            "properties": {
                "a": {"type": "keyword"},
                "a.b": {"type": "keyword", "time_series_dimension": True},
                "v": {"type": "dense_vector", "dims": 3, "index": True, "similarity": "cosine"},
                "week": {"type": "date", "format": "YYYY-'W'ww-e"},
            },
        },
    },
}

ACCEPTED: Final = {"2.4.6": IN_2, "5.6.16": IN_5, "6.8.23": IN_6, "7.17.28": IN_7, "8.19.3": IN_8}
"""By the version of a node that takes them; each is to be taken, translated, by every newer one."""
