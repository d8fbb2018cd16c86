--- Answers rdit/input: the program asked for a line.
local M = {}

--- The prompt names its document when that is not the one in front of the user.
---@param params rdit.InputParams
---@return string
local function prompt_of(params)
  local prompt = params.prompt ~= "" and params.prompt or "input: "
  if vim.uri_to_bufnr(params.uri) == vim.api.nvim_get_current_buf() then
    return prompt
  end
  return ("%s: %s"):format(vim.fs.basename(vim.uri_to_fname(params.uri)), prompt)
end

--- A password is not offered to vim.ui.input, which others replace by windows that show what is typed.
---@param prompt string
---@return string?
local function ask_secretly(prompt)
  local ok, text = pcall(vim.fn.inputsecret, prompt)
  -- Ctrl-C raises here, and means what Escape means to vim.ui.input: no more input.
  return ok and text or nil
end

--- Wait for vim.ui.input in the coroutine that Neovim runs handlers of requests in, so that a replacement of it which
--- answers later works as well as the built-in prompt, which answers before it returns.
---@param prompt string
---@return string?
local function ask_openly(prompt)
  local waiting = coroutine.running()
  local has_answered, answer, has_yielded = false, nil, false
  vim.ui.input({ prompt = prompt }, function(text)
    has_answered, answer = true, text
    if has_yielded then
      coroutine.resume(waiting)
    end
  end)
  if not has_answered then
    has_yielded = true
    coroutine.yield()
  end
  return answer
end

--- Milliseconds to wait for the statement that asks.
local patience_ms = 200

---@param result? rdit.StatementResult
---@param prompt string
---@return boolean
local function has_said(result, prompt)
  local last = result and result.output[#result.output]
  return last ~= nil and vim.endswith(last.text, prompt)
end

--- The reply to rdit/input. No answer is end of file to the program.
---@param params rdit.InputParams
---@return { text: string|vim.NIL }
function M.ask(params)
  local source, results = vim.uri_to_bufnr(params.uri), require("rdit.results")
  -- The statement and what it has said may be told a moment later than that it asks.
  vim.wait(patience_ms, function()
    return has_said(results.running(source), params.prompt)
  end, 10)
  local asking = results.running(source)
  if asking then
    require("rdit.output").show_before_question(source, asking)
  end
  local ask = params.password and ask_secretly or ask_openly
  return { text = ask(prompt_of(params)) or vim.NIL }
end

return M
