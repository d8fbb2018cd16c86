--- The <Plug> mappings, and the keys suggested for them.
local config = require("rdit.config")

local M = {}

---@class rdit.Keymap
---@field mode "n"|"x"
---@field plug string
---@field command string
---@field key string The suggested key, after the prefix.

---@type rdit.Keymap[]
M.list = {
  { mode = "n", plug = "<Plug>(RditRun)", command = "run", key = "r" },
  { mode = "x", plug = "<Plug>(RditSelection)", command = "selection", key = "r" },
  { mode = "n", plug = "<Plug>(RditFile)", command = "file", key = "f" },
  { mode = "n", plug = "<Plug>(RditHere)", command = "here", key = "h" },
  { mode = "n", plug = "<Plug>(RditStatement)", command = "statement", key = "s" },
  { mode = "n", plug = "<Plug>(RditCell)", command = "cell", key = "c" },
  { mode = "n", plug = "<Plug>(RditBelow)", command = "below", key = "b" },
  { mode = "n", plug = "<Plug>(RditDryrun)", command = "dryrun", key = "d" },
  { mode = "x", plug = "<Plug>(RditDryrun)", command = "dryrun", key = "d" },
  { mode = "n", plug = "<Plug>(RditCheckpoint)", command = "checkpoint", key = "k" },
  { mode = "n", plug = "<Plug>(RditRestore)", command = "restore", key = "z" },
  { mode = "n", plug = "<Plug>(RditCheckpoints)", command = "checkpoints", key = "K" },
  { mode = "n", plug = "<Plug>(RditInterrupt)", command = "interrupt", key = "i" },
  { mode = "n", plug = "<Plug>(RditReset)", command = "reset", key = "x" },
  { mode = "n", plug = "<Plug>(RditOutput)", command = "output", key = "o" },
  { mode = "n", plug = "<Plug>(RditEval)", command = "eval", key = "e" },
  { mode = "x", plug = "<Plug>(RditEval)", command = "eval", key = "e" },
  { mode = "n", plug = "<Plug>(RditPicture)", command = "picture", key = "p" },
  { mode = "n", plug = "<Plug>(RditCopy)", command = "copy", key = "y" },
  { mode = "n", plug = "<Plug>(RditLines)", command = "lines", key = "l" },
  { mode = "n", plug = "<Plug>(RditVariables)", command = "variables", key = "v" },
}

--- What a mapping types.
---@param map rdit.Keymap
---@return string
local function right_side(map)
  if map.mode == "x" then
    -- In visual mode `:` puts the selected range in front, which <Cmd> would not.
    return (":Rdit %s<cr>"):format(map.command)
  elseif map.command == "eval" then
    return ":Rdit eval " -- The expression is for the user to type.
  end
  return ("<cmd>Rdit %s<cr>"):format(map.command)
end

--- Give every command its <Plug> mapping.
function M.define_plugs()
  local help = require("rdit.command").subcommands
  for _, map in ipairs(M.list) do
    local right = right_side(map)
    local options = { silent = vim.endswith(right, "<cr>"), desc = "rdit: " .. help[map.command].help }
    vim.keymap.set(map.mode, map.plug, right, options)
  end
end

---@return string? prefix What stands in front of the suggested keys; nil where they are not wanted.
local function prefix()
  local wanted = config.get().keymaps
  if not wanted then
    return nil
  end
  return type(wanted) == "string" and wanted or "<leader>r"
end

--- The user's own global mappings that the suggested keys hide in Python buffers, each as "n <leader>rs".
---@return string[]
function M.hidden()
  local front, found = prefix(), {}
  for _, map in ipairs(front and M.list or {}) do
    local mapping = vim.fn.maparg(front .. map.key, map.mode, false, true)
    if mapping.buffer == 0 then
      table.insert(found, ("%s %s%s"):format(map.mode, front, map.key))
    end
  end
  return found
end

--- Map the suggested keys in one buffer, if the user wants them.
---@param bufnr integer
function M.attach(bufnr)
  local front = prefix()
  if not front then
    return
  end
  local help = require("rdit.command").subcommands
  for _, map in ipairs(M.list) do
    local options = { buffer = bufnr, remap = true, desc = "rdit: " .. help[map.command].help }
    vim.keymap.set(map.mode, front .. map.key, map.plug, options)
  end
end

return M
