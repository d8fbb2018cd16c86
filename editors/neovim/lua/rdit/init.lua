--- What users call: setup, the statusline, and the same actions that :Rdit has.
local M = {}

--- Set options; see |rdit-options|. Calling it is optional, and calling it again changes only what is given.
---@param options? table
function M.setup(options)
  require("rdit.config").set(options or {})
end

--- The state of a buffer's program for a statusline: "rdit: busy, 2 stale, 1 error". Empty where rdit is not at work.
---@param bufnr? integer
---@return string
function M.statusline(bufnr)
  local results = package.loaded["rdit.results"]
  local summary = results and results.summary(bufnr or vim.api.nvim_get_current_buf())
  if not summary then
    return ""
  end
  local parts = { summary.state }
  for _, kind in ipairs({ "stale", "error" }) do
    local count = summary.kinds[kind]
    if count then
      table.insert(parts, ("%d %s"):format(count, kind))
    end
  end
  return "rdit: " .. table.concat(parts, ", ")
end

--- The numbers behind the statusline, or nil where rdit is not at work.
---@param bufnr? integer
---@return rdit.Summary?
function M.summary(bufnr)
  return require("rdit.results").summary(bufnr or vim.api.nvim_get_current_buf())
end

return M
