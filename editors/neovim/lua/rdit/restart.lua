--- Starts the server again where it has ended with exit code 1, as it does when the host behind it has died, and opens
--- the buffers that it had. Their results come back with it.
local client = require("rdit.client")

local M = {}

--- So many ends in so many seconds are not chance: then the server stays down.
local too_many = { count = 4, seconds = 180 }

---@type number[] When it has ended, in seconds.
local ends = {}

---@return boolean
local function is_chance()
  local now = vim.uv.now() / 1000
  ends = vim.tbl_filter(function(time)
    return now - time < too_many.seconds
  end, ends)
  table.insert(ends, now)
  return #ends < too_many.count
end

---@param one vim.lsp.Client
---@param config vim.lsp.ClientConfig
---@return boolean
local function is_same(one, config)
  return one.name == config.name and one.config.root_dir == config.root_dir and not one:is_stopped()
end

---@param one vim.lsp.Client
---@param config vim.lsp.ClientConfig
---@return boolean
local function is_same_in_010(one, config)
  return one.name == config.name and one.config.root_dir == config.root_dir and not one.is_stopped()
end

--- A client has ended with this exit code; its buffers are those that it had.
---@param ended vim.lsp.Client
---@param code integer
---@param buffers integer[]
function M.ended(ended, code, buffers)
  if code ~= 1 or vim.v.exiting ~= vim.NIL then
    return
  end
  if not is_chance() then
    client.say("rdit's server keeps ending and was not started again; see :Rdit log.", vim.log.levels.ERROR)
    return
  end
  local reuse = vim.fn.has("nvim-0.11") == 1 and is_same or is_same_in_010
  for _, bufnr in ipairs(buffers) do
    if vim.api.nvim_buf_is_loaded(bufnr) then
      vim.lsp.start(ended.config, { bufnr = bufnr, reuse_client = reuse })
    end
  end
end

return M
