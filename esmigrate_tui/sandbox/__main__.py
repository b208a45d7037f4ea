from esmigrate_tui.sandbox.commands import sandbox

sandbox(prog_name="python -m esmigrate_tui.sandbox")
