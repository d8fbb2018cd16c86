--- The user's settings: defaults, then vim.g.rdit, then what setup() was given.
--- Knows nothing of drawing, and of the server's messages only which settings are the server's.
local protocol = require("rdit.protocol")

local M = {}

---@class rdit.Config: rdit.Settings
---@field cmd string[] The command that starts the server.
---@field autostart boolean Start the server for Python buffers.
---@field draw boolean Draw results with this plugin; false leaves them to Neovim's inlay hints.
---@field signs table<rdit.LookName, string>|false The sign of each look in the sign column.
---@field max_width integer Cut the text beside a statement at this many columns.
---@field virtual_lines integer Show up to this many lines of longer output below the statement.
---@field table_lines integer Show up to this many lines of a table or an array below the statement.
---@field output_height integer Height of the output window.
---@field marks table<rdit.LookName, string> The mark of each look that is drawn beside the code.
---@field pictures boolean|fun(picture: rdit.Picture): rdit.TakeAway? Draw pictures in the output window.
---@field keymaps boolean|string Map the suggested keys; a string is the prefix instead of <leader>r.
M.defaults = {
  cmd = { "rdit-lsp" },
  autostart = true,
  draw = true,
  signs = {
    fresh = "✓",
    stale = "≈",
    out_of_order = "○",
    running = "▶",
    error = "✗",
    stopped = "■",
    not_run = "·",
  },
  max_width = 100,
  virtual_lines = 0,
  table_lines = 6,
  output_height = 12,
  pictures = true,
  marks = {
    fresh = "→",
    stale = "~",
    out_of_order = "↷",
    running = "⋯",
    error = "✗",
    stopped = "■",
  },
  keymaps = false,
}

--- What `type()` may give for the value of each option.
---@type table<string, string[]>
local types = vim.tbl_extend("error", {
  cmd = { "table" },
  autostart = { "boolean" },
  draw = { "boolean" },
  signs = { "table", "boolean" },
  max_width = { "number" },
  virtual_lines = { "number" },
  table_lines = { "number" },
  output_height = { "number" },
  pictures = { "boolean", "function" },
  marks = { "table" },
  keymaps = { "boolean", "string" },
}, protocol.settings)

---@type table<string, any>
local given = {}

--- What is wrong with one option, or nil.
---@param name string
---@param value any
---@return string?
local function problem(name, value)
  local allowed = types[name]
  if not allowed then
    return ("rdit has no option %q"):format(name)
  elseif not vim.tbl_contains(allowed, type(value)) then
    return ("rdit's option %q must be a %s"):format(name, table.concat(allowed, " or a "))
  end
end

--- Say what is wrong with `options`, each in a clause; an empty list when nothing is.
---@param options table<string, any>
---@return string[]
function M.problems(options)
  local found = {}
  for name, value in pairs(options) do
    found[#found + 1] = problem(name, value)
  end
  table.sort(found)
  return found
end

--- vim.g.rdit without what is wrong in it, which is told once, at the start, and by :checkhealth.
---@return table<string, any>
local function global_options()
  local valid = {}
  for name, value in pairs(vim.g.rdit or {}) do
    if not problem(name, value) then
      valid[name] = value
    end
  end
  return valid
end

--- Take over options of setup(); raises an error naming every option that is wrong.
---@param options table<string, any>
function M.set(options)
  local problems = M.problems(options)
  if #problems > 0 then
    error(table.concat(problems, "; "), 3)
  end
  given = vim.tbl_deep_extend("force", given, options)
end

--- The settings as they are now. vim.g.rdit is read each time, so it may be set after the plugin was loaded.
---@return rdit.Config
function M.get()
  local config = vim.tbl_deep_extend("force", M.defaults, global_options(), given)
  if config.signs == true then
    config.signs = M.defaults.signs
  end
  return config
end

--- The server's own settings, for initializationOptions and workspace/configuration.
---@return table<string, any>
function M.server_settings()
  local config, settings = M.get(), vim.empty_dict()
  for key in pairs(protocol.settings) do
    settings[key] = config[key]
  end
  return settings
end

return M
