--- Keeping the state of a document's program, and going back to one. The server has them; nothing is kept here.
local client = require("rdit.client")

local M = {}

--- Completion waits for the server, as long as a person does not mind.
local patience_ms = 500

---@param bufnr integer
---@return rdit.DocumentParams
local function document(bufnr)
  return { uri = vim.uri_from_bufnr(bufnr) }
end

---@param bytes integer
---@return string
local function megabytes(bytes)
  local amount = bytes / 1e6
  return (amount < 10 and "%.1f MB" or "%.0f MB"):format(amount)
end

--- The time of the clock here, of a time in ISO 8601 and UTC.
---@param time string
---@return string
local function clock(time)
  local year, month, day, hour, min, sec = time:match("^(%d+)-(%d+)-(%d+)T(%d+):(%d+):(%d+)")
  if not year then
    return time
  end
  -- os.time() takes its argument for local time, so what it gives is off by the zone's distance from UTC.
  local taken = os.time({ year = year, month = month, day = day, hour = hour, min = min, sec = sec, isdst = false })
  local utc = os.date("!*t", taken) --[[@as osdateparam]]
  return tostring(os.date("%H:%M:%S", taken + os.difftime(taken, os.time(utc))))
end

---@param checkpoint rdit.Checkpoint
---@return string
local function name_of(checkpoint)
  return checkpoint.name or ("after line %d"):format(checkpoint.lineEnd)
end

--- What restoring it takes.
---@param checkpoint rdit.Checkpoint
---@return string
local function effort(checkpoint)
  if checkpoint.kind == "process" then
    return "instant"
  end
  local why = checkpoint.reason and (": " .. checkpoint.reason) or ""
  return ("runs the code before it again (%.1f s)%s"):format(checkpoint.workMs / 1000, why)
end

--- One line: "2. loaded, 10:42:13, line 6, 1.2 MB, instant". One without a name is called after its line.
---@param checkpoint rdit.Checkpoint
---@return string
local function line_of(checkpoint)
  local parts = { name_of(checkpoint), clock(checkpoint.time) }
  if checkpoint.name then
    table.insert(parts, ("line %d"):format(checkpoint.lineEnd))
  end
  if checkpoint.memory then
    table.insert(parts, megabytes(checkpoint.memory))
  end
  table.insert(parts, effort(checkpoint))
  local line = ("%s. %s"):format(checkpoint.checkpointId, table.concat(parts, ", "))
  return (line:gsub("%c+", " ")) .. (checkpoint.automatic and " (automatic)" or "")
end

--- Those made by hand first; the newest first among them and among the others.
---@param checkpoints rdit.Checkpoint[]
---@return rdit.Checkpoint[]
local function sorted(checkpoints)
  table.sort(checkpoints, function(one, other)
    if one.automatic ~= other.automatic then
      return other.automatic
    end
    return one.time > other.time
  end)
  return checkpoints
end

--- Ask for the checkpoints of a buffer; where there are none, that is said.
---@param bufnr integer
---@param done fun(checkpoints: rdit.Checkpoint[])
local function with_all(bufnr, done)
  client.command(bufnr, "rdit/checkpoints", document(bufnr), function(answer)
    if #answer.checkpoints == 0 then
      client.say("There is no checkpoint of this document yet.")
    else
      done(sorted(answer.checkpoints))
    end
  end)
end

---@param checkpoints rdit.Checkpoint[]
---@param wanted string An id, or else a name.
---@return rdit.Checkpoint?
local function find(checkpoints, wanted)
  for _, is_meant in ipairs({
    function(checkpoint)
      return checkpoint.checkpointId == wanted
    end,
    function(checkpoint)
      return name_of(checkpoint) == wanted
    end,
  }) do
    local found = vim.tbl_filter(is_meant, checkpoints)
    if found[1] then
      return found[1]
    end
  end
end

---@param bufnr integer
---@param checkpoint rdit.Checkpoint
local function go_back(bufnr, checkpoint)
  local wanted = vim.tbl_extend("force", document(bufnr), { checkpointId = checkpoint.checkpointId })
  client.command(bufnr, "rdit/restore", wanted, function(answer)
    local from = answer.wayBack and answer.wayBack.lineStart
    local again = ""
    if from and from <= checkpoint.lineEnd then
      again = ("; lines %d to %d ran again"):format(from, checkpoint.lineEnd)
    end
    client.say(("Back at %q%s."):format(name_of(checkpoint), again))
  end)
end

--- Keep the state as it is, under a name or one of the server's own.
---@param bufnr integer
---@param name? string
function M.keep(bufnr, name)
  local wanted = vim.tbl_extend("force", document(bufnr), { name = name })
  client.command(bufnr, "rdit/checkpoint", wanted, function(made)
    local memory = made.memory and (", %s"):format(megabytes(made.memory)) or ""
    client.say(("Checkpoint %q: %s%s."):format(name_of(made), effort(made), memory))
  end)
end

--- Go back to the checkpoint of an id or a name; without one it is chosen from a list.
---@param bufnr integer
---@param wanted? string
function M.restore(bufnr, wanted)
  with_all(bufnr, function(checkpoints)
    if wanted then
      local found = find(checkpoints, wanted)
      if found then
        go_back(bufnr, found)
      else
        client.say(("There is no checkpoint %q."):format(wanted), vim.log.levels.ERROR)
      end
      return
    end
    local options = { prompt = "Restore variables from:", format_item = line_of, kind = "rdit.checkpoint" }
    vim.ui.select(checkpoints, options, function(chosen)
      if chosen then
        go_back(bufnr, chosen)
      end
    end)
  end)
end

--- Show all checkpoints of a buffer.
---@param bufnr integer
function M.show(bufnr)
  with_all(bufnr, function(checkpoints)
    local lines = vim.tbl_map(line_of, checkpoints)
    vim.lsp.util.open_floating_preview(lines, "", { border = "rounded", focus_id = "rdit.checkpoints" })
  end)
end

--- The names and ids that `typed` may become.
---@param bufnr integer
---@param typed string
---@return string[]
function M.complete(bufnr, typed)
  local answer = client.command_now(bufnr, "rdit/checkpoints", document(bufnr), patience_ms)
  local found = {}
  for _, checkpoint in ipairs(answer and sorted(answer.checkpoints) or {}) do
    table.insert(found, checkpoint.name)
    table.insert(found, checkpoint.checkpointId)
  end
  return vim.tbl_filter(function(word)
    return vim.startswith(word, typed)
  end, found)
end

--- How many there are, and why there is no newer one. Empty where there is neither.
---@param kept? rdit.KeptCheckpoints
---@return string
function M.summary(kept)
  local sentences = {}
  if kept and kept.count > 0 then
    local noun = kept.count == 1 and "checkpoint" or "checkpoints"
    table.insert(sentences, ("%d %s, %s"):format(kept.count, noun, megabytes(kept.memory)))
  end
  if kept and kept.refused then
    table.insert(sentences, ("no checkpoint since line %d: %s"):format(kept.refused.lineEnd, kept.refused.reason))
  end
  return table.concat(sentences, "; ")
end

return M
