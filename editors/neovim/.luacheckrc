-- What luacheck is told about the plugin; scripts/editors/check-lua runs it.
std = "luajit"
globals = { "vim" }
max_line_length = 120
