;;; rdit.el --- Run any Python file, see the results beside the lines  -*- lexical-binding: t; -*-

;; Author: The rdit authors
;; URL: https://rdit.invalid
;; Version: 0.1.0
;; Package-Requires: ((emacs "29.1"))
;; Keywords: languages, processes
;; SPDX-License-Identifier: MIT

;;; Commentary:

;; A client of the language server `rdit-lsp' on top of Eglot.  Eglot shows results as inlay hints,
;; errors by Flymake and complete output by ElDoc; this file starts the server, has the commands to
;; run things, answers a program that asks for input, and shows new hints when the server has them.
;;
;;     (require 'rdit)
;;     (add-hook 'python-base-mode-hook #'rdit-ensure)
;;
;; Eglot has one server for a buffer.  To have another one for Python as well, leave the hook out and
;; call `rdit-ensure' in the buffers that rdit shall run.

;;; Code:

(require 'cl-lib)
(require 'eglot)

(defgroup rdit nil
  "Run any Python file, see the results beside the lines."
  :group 'tools
  :prefix "rdit-")

(defcustom rdit-command '("rdit-lsp")
  "The command line that starts the server."
  :type '(repeat string))

(defcustom rdit-settings nil
  "The server's settings, as a plist such as (:python \"python3.12\" :runOn \"save\")."
  :type 'plist)

(defclass rdit-server (eglot-lsp-server) ()
  "The connection to a server of rdit.
A class of its own, so that what is defined here concerns no other server.")

;;;; Starting

;;;###autoload
(defun rdit-ensure ()
  "Start rdit for this buffer, or attach it to the one that runs for its project."
  (interactive)
  (setq-local eglot-server-programs
              (cons `((python-mode python-ts-mode) . (rdit-server ,@rdit-command))
                    eglot-server-programs))
  (rdit-mode 1)
  (eglot-ensure))

(cl-defmethod eglot-initialization-options ((_server rdit-server))
  "Offer to answer input, and pass the settings on."
  (list :rdit (append rdit-settings '(:input t))))

(cl-defmethod eglot-client-capabilities :around ((_server rdit-server))
  "Tell the server that inlay hints are asked for again when it says so."
  (let ((capabilities (cl-call-next-method)))
    (plist-put capabilities :workspace
               (plist-put (plist-get capabilities :workspace)
                          :inlayHint '(:refreshSupport t)))))

;;;; What the server asks for

(defun rdit--refresh-hints (buffer)
  "Ask for all inlay hints of BUFFER again."
  (when (buffer-live-p buffer)
    (with-current-buffer buffer
      (when eglot-inlay-hints-mode
        (save-restriction
          (widen)
          (eglot--update-hints-1 (point-min) (point-max)))))))

(cl-defmethod eglot-handle-request
  ((server rdit-server) (_method (eql workspace/inlayHint/refresh)) &rest _)
  "Show the hints that are new.  Eglot itself waits for the buffer's next edit."
  ;; Asking for something from within an answer confuses jsonrpc, so it comes right after.
  (dolist (buffer (eglot--managed-buffers server))
    (run-at-time 0 nil #'rdit--refresh-hints buffer))
  nil)

(cl-defmethod eglot-handle-request
  ((_server rdit-server) (_method (eql rdit/input)) &key prompt password &allow-other-keys)
  "Ask the user for the line that the program wants; \\[keyboard-quit] is end of file."
  (let ((prompt (if (string-empty-p prompt) "input: " prompt)))
    (list :text (condition-case nil
                    (if (eq password t) (read-passwd prompt) (read-string prompt))
                  (quit nil)))))

;;;; Commands

(defun rdit--server ()
  "The server of this buffer; an error with what to do where there is none."
  (let ((server (eglot-current-server)))
    (if (cl-typep server 'rdit-server)
        server
      (user-error "Rdit does not run here: M-x rdit-ensure starts it"))))

(defun rdit--uri ()
  "What the server calls this buffer."
  (plist-get (eglot--TextDocumentIdentifier) :uri))

(defun rdit--command (command argument &optional done)
  "Let the server run COMMAND with ARGUMENT; call DONE with the result.
Do not wait: a run may take hours."
  (let ((server (rdit--server)))
    (eglot--signal-textDocument/didChange)
    (jsonrpc-async-request
     server :workspace/executeCommand (list :command command :arguments (vector argument))
     :timeout nil
     :success-fn (or done #'ignore)
     :error-fn (lambda (failure) (message "rdit: %s" (plist-get failure :message))))))

(defun rdit--execute (&rest params)
  "Run something of this buffer; PARAMS are the rest of ExecuteParams."
  ;; The version that is sent must be the one that includes the edits just made.
  (rdit--server)
  (eglot--signal-textDocument/didChange)
  (rdit--command "rdit/execute"
                 (append (list :uri (rdit--uri)
                               :version (plist-get (eglot--VersionedTextDocumentIdentifier)
                                                   :version))
                         params)))

(defun rdit-run-file ()
  "Run the whole file in an empty namespace, as python FILE would."
  (interactive)
  (rdit--execute :scope "file"))

(defun rdit-update ()
  "Bring every result up to date, running as little as that takes."
  (interactive)
  (rdit--execute :scope "stale"))

(defun rdit-run-to-here ()
  "Update the results up to this line."
  (interactive)
  (rdit--execute :scope "toHere" :position (eglot--pos-to-lsp-position)))

(defun rdit-run-statement ()
  "Run this statement now, in the present namespace."
  (interactive)
  (rdit--execute :scope "statement" :position (eglot--pos-to-lsp-position)))

(defun rdit-run-cell ()
  "Run this cell now, from one `# %%' comment to the next."
  (interactive)
  (rdit--execute :scope "cell" :position (eglot--pos-to-lsp-position)))

(defun rdit-run-below ()
  "Run from this statement to the end now."
  (interactive)
  (rdit--execute :scope "fromHere" :position (eglot--pos-to-lsp-position)))

(defun rdit-run-region (from to)
  "Run the lines between FROM and TO now."
  (interactive "r")
  (rdit--execute :lineRange
                 (list :from (line-number-at-pos from t)
                       ;; A region that ends at the beginning of a line does not mean that line.
                       :to (line-number-at-pos (max from (1- to)) t))))

(defun rdit-interrupt ()
  "Interrupt what is running; the variables stay."
  (interactive)
  (rdit--command "rdit/interrupt" (list :uri (rdit--uri))
                 (lambda (answer)
                   (unless (eq (plist-get answer :interrupted) t)
                     (message "Nothing is running.")))))

(defun rdit-reset ()
  "Forget all results and start with an empty namespace."
  (interactive)
  (rdit--command "rdit/reset" (list :uri (rdit--uri))))

(defun rdit-keep-checkpoint (name)
  "Keep a checkpoint of the variables under NAME; if empty, \"after line N\"."
  (interactive "sName of the checkpoint: ")
  (rdit--command "rdit/checkpoint"
                 (append (list :uri (rdit--uri))
                         (unless (string-blank-p name) (list :name name)))
                 (lambda (made) (message "Checkpoint: %s" (car (rdit--checkpoint made))))))

(defun rdit--checkpoint (checkpoint)
  "CHECKPOINT as an entry to choose: what it is, and its id."
  (cl-destructuring-bind (&key checkpointId kind name lineEnd workMs reason &allow-other-keys)
      checkpoint
    (cons (concat checkpointId ". " (or name "automatic") (format ", line %d" lineEnd)
                  (unless (equal kind "process")
                    (format ", runs the code before it again (%.1f s)%s" (/ workMs 1000.0)
                            (if reason (concat ": " reason) ""))))
          checkpointId)))

(defun rdit--by-hand-first (one other)
  "Whether checkpoint ONE was made by hand and OTHER was not, or else later."
  (let ((is-automatic (eq (plist-get one :automatic) t)))
    (if (eq is-automatic (eq (plist-get other :automatic) t))
        (string> (plist-get one :time) (plist-get other :time))
      (not is-automatic))))

(defun rdit--choose-checkpoint (buffer checkpoints)
  "Go back to one of CHECKPOINTS of BUFFER."
  (let* ((entries (mapcar #'rdit--checkpoint (sort checkpoints #'rdit--by-hand-first)))
         ;; The order says something, so completion must not make one of its own.
         (table (lambda (string predicate action)
                  (if (eq action 'metadata)
                      '(metadata (display-sort-function . identity))
                    (complete-with-action action entries string predicate))))
         (chosen (completing-read "Restore checkpoint: " table nil t)))
    (when (buffer-live-p buffer)
      (with-current-buffer buffer
        (rdit--command "rdit/restore" (list :uri (rdit--uri)
                                            :checkpointId (cdr (assoc chosen entries)))
                       (lambda (_) (message "Back at checkpoint %s" chosen)))))))

(defun rdit-restore-checkpoint ()
  "Restore the variables from a checkpoint; the text stays."
  (interactive)
  (let ((buffer (current-buffer)))
    (rdit--command
     "rdit/checkpoints" (list :uri (rdit--uri))
     (lambda (answer)
       (let ((checkpoints (append (plist-get answer :checkpoints) nil)))
         (if checkpoints
             ;; Asking for something from within an answer confuses jsonrpc, so it comes right after.
             (run-at-time 0 nil #'rdit--choose-checkpoint buffer checkpoints)
           (message "There is no checkpoint of this buffer yet.")))))))

(defun rdit--lines (result)
  "The lines of RESULT in words."
  (cl-destructuring-bind (&key lineStart lineEnd &allow-other-keys) result
    (if (= lineStart lineEnd)
        (format "line %d" lineStart)
      (format "lines %d-%d" lineStart lineEnd))))

(defun rdit--text (item)
  "The text of the output ITEM, of nested data laid out over several lines."
  (or (plist-get (plist-get (plist-get item :metadata) :rdit) :pretty)
      (plist-get item :text)))

(defun rdit--show-output (name answer)
  "Show the outputs in ANSWER, the complete results of lines of the buffer NAME."
  (with-current-buffer (get-buffer-create "*rdit output*")
    (let ((inhibit-read-only t))
      (erase-buffer)
      (cl-loop for result across (plist-get answer :results)
               do (insert (format "%s, %s: %s\n" name (rdit--lines result)
                                  (plist-get result :status)))
               do (cl-loop for item across (plist-get result :output)
                           do (insert (string-trim-right (rdit--text item)) "\n")))
      (goto-char (point-min)))
    (special-mode)
    (display-buffer (current-buffer))))

(defun rdit-show-output ()
  "Show the complete output of the statement at point in a window."
  (interactive)
  (let ((line (line-number-at-pos nil t)) (name (buffer-name)))
    (rdit--command "rdit/results" (list :uri (rdit--uri) :lineRange (list :from line :to line))
                   (lambda (answer) (rdit--show-output name answer)))))

(defun rdit--show-value (answer)
  "Show the value in ANSWER, an EvaluateResult; a short one in the echo area."
  (let ((text (plist-get answer :text)) (origin (plist-get answer :origin)))
    (unless (equal origin "now")
      (setq text (format "As it was %s:\n%s" origin text)))
    (display-message-or-buffer (if (string-empty-p text) "None" text) "*rdit value*")))

(defun rdit-evaluate (expression)
  "Evaluate EXPRESSION, by default the region's, in a copy of the program."
  (interactive
   (list (read-string "Evaluate: " (and (use-region-p)
                                        (buffer-substring-no-properties (region-beginning)
                                                                        (region-end))))))
  (rdit--command "rdit/evaluate" (list :uri (rdit--uri) :expression expression)
                 #'rdit--show-value))

(defun rdit-export (format)
  "Write the document with its results beside it, as FORMAT: html, ipynb, md or py."
  (interactive (list (completing-read "Format: " '("html" "ipynb" "md" "py") nil t nil nil "html")))
  (rdit--command "rdit/export" (list :uri (rdit--uri) :to format)
                 (lambda (answer) (message "Exported to %s" (plist-get answer :path)))))

;;;; Keys

(defvar-keymap rdit-mode-map
  :doc "The keys of `rdit-mode'; those that Emacs leaves to minor modes."
  "C-c = f" #'rdit-run-file
  "C-c = u" #'rdit-update
  "C-c = h" #'rdit-run-to-here
  "C-c = s" #'rdit-run-statement
  "C-c = c" #'rdit-run-cell
  "C-c = b" #'rdit-run-below
  "C-c = r" #'rdit-run-region
  "C-c = i" #'rdit-interrupt
  "C-c = x" #'rdit-reset
  "C-c = k" #'rdit-keep-checkpoint
  "C-c = z" #'rdit-restore-checkpoint
  "C-c = o" #'rdit-show-output
  "C-c = e" #'rdit-evaluate
  "C-c = w" #'rdit-export)

(define-minor-mode rdit-mode
  "Keys to run this Python buffer and see its results."
  :lighter " rdit"
  :keymap rdit-mode-map)

(provide 'rdit)

;;; rdit.el ends here
