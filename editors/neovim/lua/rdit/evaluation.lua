--- `:Rdit eval`: an expression, answered from a copy of the program that is thrown away.
local client = require("rdit.client")
local draw = require("rdit.draw")

local M = {}

--- The text that was selected last, if it is on these lines; else the lines.
---@param bufnr integer
---@param range rdit.LineRange
---@return string
local function text_of(bufnr, range)
  local from, to = vim.fn.getpos("'<"), vim.fn.getpos("'>")
  if from[2] == range.from and to[2] == range.to then
    return table.concat(vim.fn.getregion(from, to, { type = vim.fn.visualmode() }), "\n")
  end
  return table.concat(vim.api.nvim_buf_get_lines(bufnr, range.from - 1, range.to, false), "\n")
end

--- One short line is a message; more is a window of its own.
---@param answer rdit.EvaluateResult
local function show(answer)
  local lines = draw.lines(answer.text)
  if answer.origin ~= "now" then
    table.insert(lines, 1, ("As it was %s:"):format(answer.origin))
  end
  local level = answer.failed and vim.log.levels.ERROR or nil
  if #lines == 0 then
    client.say("None")
  elseif #lines == 1 and vim.api.nvim_strwidth(lines[1]) < vim.o.columns - 12 then
    client.say(lines[1], level)
  else
    vim.lsp.util.open_floating_preview(lines, "", { border = "rounded", focus_id = "rdit.evaluation", wrap = false })
  end
end

--- Evaluate an expression, or the text of a range.
---@param bufnr integer
---@param expression string
---@param range? rdit.LineRange
function M.evaluate(bufnr, expression, range)
  if expression == "" and range then
    expression = text_of(bufnr, range)
  end
  if vim.trim(expression) == "" then
    client.say("Give an expression, as in `:Rdit eval len(x)`.", vim.log.levels.WARN)
    return
  end
  local wanted = { uri = vim.uri_from_bufnr(bufnr), expression = expression }
  client.command(bufnr, "rdit/evaluate", wanted, show)
end

return M
