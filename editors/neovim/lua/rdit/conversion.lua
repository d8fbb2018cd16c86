--- Documents with their results as pages and notebooks, and notebooks as documents.
local client = require("rdit.client")

local M = {}

M.formats = { "html", "ipynb", "md", "py" }

--- A format, a path whose suffix is one, or both; nil where it is neither.
---@param rest string
---@return string? format
---@return string? path
local function parse(rest)
  local format, path = rest:match("^(%S+)%s*(.*)$")
  if not vim.tbl_contains(M.formats, format) then
    format, path = rest:match("%.(%w+)$"), rest
  end
  if vim.tbl_contains(M.formats, format) then
    return format, path ~= "" and vim.fn.fnamemodify(vim.fn.expand(path), ":p") or nil
  end
end

--- Write a document with the results it has.
---@param bufnr integer
---@param rest string A format, a path, or both; nothing for a page.
function M.export(bufnr, rest)
  local format, path = parse(rest == "" and "html" or rest)
  if not format then
    client.say(("The format is one of %s."):format(table.concat(M.formats, ", ")), vim.log.levels.ERROR)
    return
  end
  local wanted = { uri = vim.uri_from_bufnr(bufnr), to = format, output = path }
  client.command(bufnr, "rdit/export", wanted, function(answer)
    client.say(("Exported to %s."):format(vim.fn.fnamemodify(answer.path, ":~:.")))
  end)
end

--- The command line's program, which stands beside the server.
---@return string
local function command_line()
  local server = vim.fn.exepath(client.server_command()[1])
  local beside = vim.fs.joinpath(vim.fs.dirname(server), "rdit")
  return vim.fn.executable(beside) == 1 and beside or "rdit"
end

--- Write a notebook as a script beside it, and edit that.
---@param notebook string
function M.import(notebook)
  local path = vim.fn.fnamemodify(vim.fn.expand(notebook ~= "" and notebook or "%"), ":p")
  local program = command_line()
  if vim.fn.executable(program) == 0 then
    client.say("There is no command rdit; see :checkhealth rdit.", vim.log.levels.ERROR)
    return
  end
  vim.system({ program, "import", path }, { text = true }, vim.schedule_wrap(function(done)
    local said = vim.trim(done.stderr)
    if said ~= "" then
      client.say(said, done.code ~= 0 and vim.log.levels.ERROR or vim.log.levels.WARN)
    end
    if done.code == 0 then
      vim.cmd.edit(vim.fn.fnameescape(vim.fn.fnamemodify(path, ":r") .. ".py"))
    end
  end))
end

return M
