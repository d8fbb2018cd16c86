--- :Rdit and its subcommands. Each one is a call of another module; nothing is decided here but ranges and lines.
local client = require("rdit.client")

local M = {}

---@class rdit.Invocation
---@field bufnr integer
---@field range? rdit.LineRange The lines given to the command.
---@field bang boolean
---@field rest string What follows the subcommand.

---@class rdit.Subcommand
---@field help string One sentence, for the help file's table and for completion.
---@field run fun(invocation: rdit.Invocation)

--- Run something that is found by a position: the first line given, or the cursor.
---@param scope rdit.Scope
local function at_position(scope)
  return function(invocation)
    local line = invocation.range and invocation.range.from
    client.execute(invocation.bufnr, { scope = scope, position = client.position(invocation.bufnr, line) })
  end
end

---@param invocation rdit.Invocation
local function run_selection(invocation)
  local range = invocation.range
  if not range then
    local from, to = vim.fn.line("'<"), vim.fn.line("'>")
    if from == 0 then
      client.say("Select lines first, or give a range.", vim.log.levels.WARN)
      return
    end
    range = { from = from, to = to }
  end
  client.execute(invocation.bufnr, { scope = "range", lineRange = range })
end

---@param invocation rdit.Invocation
local function run_stale(invocation)
  client.execute(invocation.bufnr, { scope = "stale" })
end

---@param invocation rdit.Invocation
local function run(invocation)
  if invocation.range then
    run_selection(invocation)
  else
    run_stale(invocation)
  end
end

---@param bufnr integer
---@return { uri: string }
local function document(bufnr)
  return { uri = vim.uri_from_bufnr(bufnr) }
end

---@param session rdit.SessionStatus
---@return string
local function session_sentence(session)
  local python = session.python or "no interpreter yet"
  if type(python) == "table" then
    python = table.concat(python, " ")
  end
  local name = vim.fs.basename(vim.uri_to_fname(session.uri))
  local version = session.pythonVersion and ("Python " .. session.pythonVersion .. ", ") or ""
  local process = session.pid and (", process " .. session.pid) or ""
  return ("%s: %s, %s%s%s"):format(name, session.state, version, python, process)
end

---@param invocation rdit.Invocation
local function status(invocation)
  client.command(invocation.bufnr, "rdit/status", document(invocation.bufnr), function(answer)
    local sentences = vim.tbl_map(session_sentence, answer.sessions)
    client.say(#sentences > 0 and table.concat(sentences, "\n") or "rdit runs nothing for this document yet.")
  end)
end

---@param invocation rdit.Invocation
local function variables(invocation)
  client.command(invocation.bufnr, "rdit/variables", document(invocation.bufnr), function(answer)
    local lines = vim.tbl_map(function(variable)
      return ("%s: %s = %s"):format(variable.name, variable.type, (variable.summary:gsub("%c+", " ")))
    end, answer.variables)
    if #lines == 0 then
      client.say("There are no variables yet.")
      return
    end
    if answer.origin and answer.origin ~= "now" then
      table.insert(lines, 1, ("Variables %s:"):format(answer.origin))
    end
    vim.lsp.util.open_floating_preview(lines, "", { border = "rounded", focus_id = "rdit.variables" })
  end)
end

---@type table<string, rdit.Subcommand>
M.subcommands = {
  run = { help = "Bring every result up to date; with a range, run those lines.", run = run },
  file = {
    help = "Run the whole file from an empty namespace; with !, from the present one.",
    run = function(invocation)
      client.execute(invocation.bufnr, { scope = "file", fresh = not invocation.bang })
    end,
  },
  stale = { help = "Bring every result up to date, running as little as that takes.", run = run_stale },
  here = { help = "Bring results up to date up to this line.", run = at_position("toHere") },
  statement = { help = "Run this statement now, in the present namespace.", run = at_position("statement") },
  cell = { help = "Run this `# %%` cell now.", run = at_position("cell") },
  selection = { help = "Run the selected lines now.", run = run_selection },
  below = { help = "Run from this statement to the end now.", run = at_position("fromHere") },
  interrupt = {
    help = "Interrupt what is running.",
    run = function(invocation)
      client.command(invocation.bufnr, "rdit/interrupt", document(invocation.bufnr), function(answer)
        if not answer.interrupted then
          client.say("Nothing is running.")
        end
      end)
    end,
  },
  reset = {
    help = "Forget all results and start with an empty namespace.",
    run = function(invocation)
      client.command(invocation.bufnr, "rdit/reset", document(invocation.bufnr))
    end,
  },
  status = { help = "Tell the document's interpreter, process and state.", run = status },
  variables = { help = "Show the variables of the document's program.", run = variables },
  output = {
    help = "Open or close the window with the complete output of the line under the cursor.",
    run = function()
      require("rdit.output").toggle()
    end,
  },
  lines = {
    help = "Show longer output below its statement, or no more; a number is the most lines to show.",
    run = function(invocation)
      require("rdit.results").toggle_lines(tonumber(invocation.rest))
    end,
  },
  clear = {
    help = "Take away what is drawn, until it changes.",
    run = function(invocation)
      require("rdit.results").clear(invocation.bufnr)
    end,
  },
  log = {
    help = "Open the log of Neovim's language clients, where the server's own messages are, too.",
    run = function()
      vim.cmd.tabedit(vim.fn.fnameescape(require("vim.lsp.log").get_filename()))
    end,
  },
}

---@return string[]
local function names()
  local found = vim.tbl_keys(M.subcommands)
  table.sort(found)
  return found
end

--- The callback of :Rdit. Without a subcommand it is `:Rdit run`.
---@param options vim.api.keyset.create_user_command.command_args
function M.dispatch(options)
  local name, rest = options.args:match("^%s*(%S*)%s*(.-)%s*$")
  name = name == "" and "run" or name
  local subcommand = M.subcommands[name]
  if not subcommand then
    client.say(("rdit has no %q; it has: %s."):format(name, table.concat(names(), ", ")), vim.log.levels.ERROR)
    return
  end
  subcommand.run({
    bufnr = vim.api.nvim_get_current_buf(),
    range = options.range > 0 and { from = options.line1, to = options.line2 } or nil,
    bang = options.bang,
    rest = rest,
  })
end

--- Complete the name of a subcommand.
---@param lead string
---@return string[]
function M.complete(lead, line)
  if line:match("Rdit!?%s+%S+%s") then
    return {}
  end
  return vim.tbl_filter(function(name)
    return vim.startswith(name, lead)
  end, names())
end

return M
