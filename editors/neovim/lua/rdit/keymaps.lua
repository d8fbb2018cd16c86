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
  { mode = "n", plug = "<Plug>(RditPicture)", command = "picture", key = "p" },
  { mode = "n", plug = "<Plug>(RditCopy)", command = "copy", key = "y" },
  { mode = "n", plug = "<Plug>(RditLines)", command = "lines", key = "l" },
  { mode = "n", plug = "<Plug>(RditVariables)", command = "variables", key = "v" },
}

--- Give every command its <Plug> mapping.
function M.define_plugs()
  local help = require("rdit.command").subcommands
  for _, map in ipairs(M.list) do
    -- In visual mode `:` puts the selected range in front, which <Cmd> would not.
    local right = (map.mode == "x" and ":Rdit %s<cr>" or "<cmd>Rdit %s<cr>"):format(map.command)
    vim.keymap.set(map.mode, map.plug, right, { silent = true, desc = "rdit: " .. help[map.command].help })
  end
end

--- Map the suggested keys in one buffer, if the user wants them.
---@param bufnr integer
function M.attach(bufnr)
  local wanted = config.get().keymaps
  if not wanted then
    return
  end
  local prefix = type(wanted) == "string" and wanted or "<leader>r"
  local help = require("rdit.command").subcommands
  for _, map in ipairs(M.list) do
    local options = { buffer = bufnr, remap = true, desc = "rdit: " .. help[map.command].help }
    vim.keymap.set(map.mode, prefix .. map.key, map.plug, options)
  end
end

return M
