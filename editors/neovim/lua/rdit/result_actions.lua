--- Copying a result into a register, and opening its pictures with the system's program for them.
local client = require("rdit.client")
local pictures = require("rdit.pictures")

local M = {}

--- The clipboard where there is one, and the unnamed register, so that `p` puts the text.
---@param text string
---@param register? string
---@return string name Where it is, for people.
local function keep(text, register)
  local kind = text:find("\n") and "V" or "v"
  if register then
    vim.fn.setreg(register, text, kind)
    return ("register %s"):format(register)
  end
  vim.fn.setreg('"', text, kind)
  if vim.fn.has("clipboard") == 1 then
    vim.fn.setreg("+", text, kind)
    return "the clipboard"
  end
  return "the unnamed register"
end

--- Put what a statement came to into a register, by default the clipboard's.
---@param bufnr integer
---@param place rdit.PlaceParams
---@param register? string
function M.copy(bufnr, place, register)
  client.command(bufnr, "rdit/copyResult", place, function(answer)
    client.say(("The result is in %s."):format(keep(answer.text, register)))
  end)
end

--- Open the pictures of a statement.
---@param bufnr integer
---@param place rdit.PlaceParams
function M.open(bufnr, place)
  local argument = vim.tbl_extend("force", place, { show = false })
  client.command(bufnr, "rdit/openPicture", argument, function(answer)
    for _, path in ipairs(answer.paths) do
      local failure = pictures.open(path)
      if failure then
        client.say(("%s cannot be opened: %s"):format(path, failure), vim.log.levels.ERROR)
      end
    end
  end)
end

return M
