;;; Prints the packages of a Guix revision as JSON Lines, in the form that docs/guix-inventory.md of
;;; Palisade describes.  It runs inside the revision's own Guix, of 2023 or later:
;;;
;;;     guix repl -- load-packages.scm > packages.jsonl
;;;     guix time-machine -q --commit=COMMIT -- repl -- load-packages.scm > packages.jsonl
;;;     guile --no-auto-compile -L CHECKOUT load-packages.scm --commit=COMMIT > packages.jsonl
;;;
;;; Options: --commit=COMMIT, --branch=NAME and --time=RFC3339 say what the header shall say where Guix
;;; does not know it itself.  Progress goes to standard error.
;;;
;;; Nothing is built, nothing is fetched, and no daemon is asked.  What cannot be evaluated becomes a
;;; line that says so, and the rest goes on; only what was printed to its end has the last line.

(use-modules (guix packages)
             (guix build-system)
             (guix gexp)
             (guix grafts)
             (guix licenses)
             (guix utils)
             (guix discovery)
             (guix base16)
             (guix git-download)
             (guix svn-download)
             (guix hg-download)
             (guix cvs-download)
             (guix bzr-download)
             (gnu packages)
             (gcrypt hash)
             (ice-9 binary-ports)
             (ice-9 exceptions)
             (ice-9 match)
             (ice-9 textual-ports)
             (rnrs bytevectors)
             (srfi srfi-1)
             (srfi srfi-11)
             (srfi srfi-26))

;; Replacements may have replacements without end: each time they are asked they make another one.
(define %replacement-depth 8)

;; Packages that no variable holds are looked for among inputs; code could go on making new ones.
(define %most-reached 20000)

;; What is said of an error; it may quote half a file.
(define %longest-reason 500)

;; Modules may print when they are loaded, which must not get among the lines.
(define %output (fdes->outport 1))
(set-current-output-port (current-error-port))


;;; JSON: #t and #f are truth values, the symbol null is null, a vector is a list, and a list of
;;; pairs is an object.

(define (write-json-string text port)
  (define (special? char)
    (or (char=? char #\") (char=? char #\\) (char<? char #\space)))
  (put-char port #\")
  (if (string-any special? text)
      (string-for-each
       (lambda (char)
         (cond ((char=? char #\newline) (put-string port "\\n"))
               ((char<? char #\space)
                (put-string port "\\u")
                (put-string port (string-pad (number->string (char->integer char) 16) 4 #\0)))
               ((special? char) (put-char port #\\) (put-char port char))
               (else (put-char port char))))
       text)
      (put-string port text))
  (put-char port #\"))

(define (write-separated items port write-item)
  (unless (null? items)
    (write-item (car items))
    (for-each (lambda (item) (put-char port #\,) (write-item item)) (cdr items))))

(define (write-json value port)
  (match value
    (#t (put-string port "true"))
    (#f (put-string port "false"))
    ('null (put-string port "null"))
    ((? string?) (write-json-string value port))
    ((? exact-integer?) (put-string port (number->string value)))
    ((? vector?)
     (put-char port #\[)
     (write-separated (vector->list value) port (cut write-json <> port))
     (put-char port #\]))
    ((? list?)
     (put-char port #\{)
     (write-separated value port
                      (match-lambda
                        ((key . value)
                         (write-json-string key port)
                         (put-char port #\:)
                         (write-json value port))))
     (put-char port #\}))))

(define (json value)
  (call-with-output-string (cut write-json value <>)))

(define (fields . pairs)
  "The object of PAIRS without those of which nothing is known."
  (remove (lambda (pair) (member (cdr pair) '(null #()))) pairs))

(define (text value)
  (if (and (string? value) (not (string-null? value))) value 'null))

(define (texts value)
  (list->vector (filter string? (if (list? value) value (list value)))))


;;; Lines, with the sum over those between the first and the last.

(define-values (%sum %get-sum) (open-hash-port (hash-algorithm sha256)))
(define %packages 0)

(define (print-unsummed value)
  (let ((line (string->utf8 (string-append (json value) "\n"))))
    (put-bytevector %output line)
    line))

(define (print value)
  (put-bytevector %sum (print-unsummed value)))

(define (progress format-string . arguments)
  (apply format (current-error-port) (string-append format-string "~%") arguments))

(define (reason key arguments)
  "What went wrong, in one line that is the same in each run."
  (let* ((all (string-append (symbol->string key) ": " (message arguments)))
         (line (string-map (lambda (char) (if (char<? char #\space) #\space char)) all)))
    (if (> (string-length line) %longest-reason)
        (string-append (substring line 0 %longest-reason) " ...")
        line)))

(define (message arguments)
  "What the ARGUMENTS of an error say: mostly a procedure, a message, and what stands in it."
  (match arguments
    ((procedure (? string? message) ((? (const #t) parameters) ...) . _)
     (catch #t
       (lambda () (apply simple-format #f message (map printed parameters)))
       (const message)))
    (_ (string-join (map printed arguments) " "))))

(define (printed object)
  "OBJECT as text, by its kind alone where the whole would have addresses."
  (match object
    ((? string?) object)
    ((or (? symbol?) (? number?) (? boolean?) (? keyword?)) (object->string object))
    ((? exception-with-message?) (exception-message object))
    ((? package?) (identifier object))
    ((? procedure?) "#<procedure>")
    ((? promise?) "#<promise>")
    ((head . tail) (string-append "(" (printed head) " . " (printed tail) ")"))
    (() "()")
    (_ (kind object))))

(define (kind object)
  (if (record? object)
      (let ((name (symbol->string (record-type-name (record-type-descriptor object)))))
        (string-append "#<" (string-trim-both name (char-set #\< #\>)) ">"))
      "#<object>"))

(define (attempt what thunk)
  "The value of THUNK; or #f, and a line that tells what went wrong with WHAT, fields of that line."
  (catch #t
    thunk
    (lambda (key . arguments)
      (if (memq key '(quit signal interrupt))
          (apply throw key arguments)
          (begin
            (print `(("palisade" . "error") ,@what ("reason" . ,(reason key arguments))))
            #f)))))


;;; Files: the hash of what is in them, and which vulnerabilities stand in their text.

(define (hash-object algorithm bytes)
  `(("algorithm" . ,(symbol->string algorithm))
    ("base16" . ,(bytevector->base16-string bytes))))

(define (digits-end text start)
  (or (string-skip text char-set:digit start) (string-length text)))

(define (vulnerabilities text)
  "The CVE names in TEXT, each once, in order."
  (let loop ((start 0) (found '()))
    (match (string-contains-ci text "CVE-" start)
      (#f (reverse found))
      (place
       (let* ((year (+ place 4))
              (dash (digits-end text year))
              (number (min (+ dash 1) (string-length text)))
              (end (digits-end text number))
              (name? (and (= (- dash year) 4)
                          (< dash (string-length text))
                          (char=? (string-ref text dash) #\-)
                          (>= (- end number) 4)))
              (name (and name? (string-upcase (substring text place end)))))
         (loop year (if (and name (not (member name found))) (cons name found) found)))))))

(define (contents-fields bytes)
  (let ((text (call-with-port (open-bytevector-input-port bytes)
                (lambda (port)
                  ;; Any byte is a character there, so whatever a patch is written in can be read.
                  (set-port-encoding! port "ISO-8859-1")
                  (get-string-all port)))))
    (fields (cons "hash" (hash-object 'sha256 (sha256 bytes)))
            (cons "cves" (list->vector (vulnerabilities text))))))

(define %files (make-hash-table))

(define (file-fields file)
  "What is told of FILE's content; many packages share a patch."
  (or (hash-ref %files file)
      (let ((known (contents-fields (call-with-input-file file get-bytevector-all #:binary #t))))
        (hash-set! %files file known)
        known)))

(define (existing-file-fields file)
  (if (and (string? file) (file-exists? file)) (file-fields file) '()))


;;; Sources

(define (patch-object patch)
  (match patch
    ((? string?)
     `(("name" . ,(basename patch)) ,@(existing-file-fields patch)))
    ((? local-file?)
     `(("name" . ,(local-file-name patch))
       ,@(existing-file-fields (local-file-absolute-file-name patch))))
    ((? plain-file?)
     (let ((content (plain-file-content patch)))
       `(("name" . ,(plain-file-name patch))
         ,@(contents-fields (if (string? content) (string->utf8 content) content)))))
    ((? origin?)
     (fields (cons "name" (text (origin-actual-file-name patch)))
             (cons "hash" (origin-hash-object patch))
             (cons "uri" (match (origin-uri patch)
                           ((? string? uri) uri)
                           (((? string? uri) . _) uri)
                           (_ 'null)))))
    ((? file-append?)
     `(("name" . ,(basename (last (file-append-suffix patch))))))
    ((? computed-file?)
     `(("name" . ,(computed-file-name patch))))
    (_ `(("name" . ,(kind patch))))))

(define (origin-hash-object origin)
  (let* ((hash (origin-hash origin))
         (value (and hash (content-hash-value hash))))
    (if (and (bytevector? value) (positive? (bytevector-length value)))
        (hash-object (content-hash-algorithm hash) value)
        'null)))

(define (reference-fields uri)
  "How a source is fetched, by its URI.  A promise is not forced: that may build what it computes."
  (match uri
    ((? string?) `(("type" . "url") ("urls" . ,(vector uri))))
    (((? string?) ...) `(("type" . "url") ("urls" . ,(list->vector uri))))
    ((? git-reference?)
     (fields (cons "type" "git")
             (cons "git_url" (text (git-reference-url uri)))
             (cons "git_ref" (text (git-reference-commit uri)))))
    ((? svn-reference?)
     (fields (cons "type" "svn")
             (cons "svn_url" (text (svn-reference-url uri)))
             (cons "svn_revision" (scalar (svn-reference-revision uri)))))
    ((? svn-multi-reference?)
     (fields (cons "type" "svn")
             (cons "svn_url" (text (svn-multi-reference-url uri)))
             (cons "svn_revision" (scalar (svn-multi-reference-revision uri)))))
    ((? hg-reference?)
     (fields (cons "type" "hg")
             (cons "hg_url" (text (hg-reference-url uri)))
             (cons "hg_changeset" (text (hg-reference-changeset uri)))))
    ((? cvs-reference?)
     (fields (cons "type" "cvs")
             (cons "cvs_root" (text (cvs-reference-root-directory uri)))
             (cons "cvs_revision" (text (cvs-reference-revision uri)))))
    ((? bzr-reference?)
     (fields (cons "type" "bzr")
             (cons "bzr_url" (text (bzr-reference-url uri)))
             (cons "bzr_revision" (scalar (bzr-reference-revision uri)))))
    ((? promise?) '(("type" . "promise")))
    (_ '(("type" . "computed-file")))))

(define (scalar value)
  (if (exact-integer? value) value (text value)))

(define (source-object source)
  (match source
    (#f 'null)
    ((? origin?)
     (append (reference-fields (origin-uri source))
             (fields (cons "file_name" (text (origin-actual-file-name source)))
                     (cons "hash" (origin-hash-object source))
                     (cons "patches"
                           (list->vector (map patch-object (origin-patches source)))))
             (if (origin-snippet source) '(("snippet" . #t)) '())))
    ((? local-file?)
     `(("type" . "computed-file") ("file_name" . ,(local-file-name source))))
    ((? computed-file?)
     `(("type" . "computed-file") ("file_name" . ,(computed-file-name source))))
    (_ '(("type" . "computed-file")))))


;;; Inputs

(define (input-object input)
  (match input
    ((_ (? package? package) output)
     (append (package-reference package) `(("output" . ,output))))
    ((_ (? package? package)) (package-reference package))
    ((label (? origin? origin) . _)
     ;; What it was made of is told where it is a source; here it is told apart from others.
     `(("origin" . ,(or (origin-actual-file-name origin) label))
       ("source" . ,(filter (match-lambda
                              ((key . _)
                               (member key '("type" "git_ref" "hg_changeset" "svn_revision"))))
                            (reference-fields (origin-uri origin))))))
    ((label object . _) `(("label" . ,label) ("other" . ,(kind object))))))

(define (package-reference package)
  `(("name" . ,(package-name package)) ("version" . ,(package-version package))))

(define (input-objects inputs)
  (list->vector (map input-object inputs)))

(define (input-packages inputs)
  (filter-map (match-lambda ((_ (? package? package) . _) package) (_ #f)) inputs))

(define (told-key input)
  (match input
    ((_ (? package? package) . rest)
     (list (package-name package) (package-version package)
           (match rest ((output) output) (_ "out"))))
    (_ #f)))

(define (implicit-inputs bag explicit)
  "The packages that the build in BAG uses beside EXPLICIT ones.  Each of those stands in the bag once;
one that the build system has as well stands there twice, and so is among both: that way all packages
of a build system have the same."
  (let ((left (make-hash-table)))
    (for-each (lambda (input)
                (let ((key (told-key input)))
                  (hash-set! left key (+ 1 (hash-ref left key 0)))))
              explicit)
    (filter (lambda (input)
              (let* ((key (told-key input)) (count (hash-ref left key 0)))
                (hash-set! left key (- count 1))
                (and key (<= count 0))))
            (bag-direct-inputs bag))))

;; Thousands of packages have the same implicit inputs, so each set of them is told once, in a line
;; of its own that stands before the first package that has it.
(define %sets (make-hash-table))

(define (set-number inputs)
  (let ((key (map told-key inputs)))
    (or (hash-ref %sets key)
        (let ((number (hash-count (const #t) %sets)))
          (hash-set! %sets key number)
          (print `(("palisade" . "inputs")
                   ("set" . ,number)
                   ("inputs" . ,(input-objects inputs))))
          number))))


;;; Properties

(define (property-json value)
  "VALUE as JSON; what has no such form is told by its kind."
  (match value
    ((? boolean?) value)
    ((? string?) value)
    ((? exact-integer?) value)
    ((? number?) (number->string value))
    ((? symbol?) (symbol->string value))
    ((? keyword?) (symbol->string (keyword->symbol value)))
    ((? char?) (string value))
    ((? unspecified?) 'null)
    (() #())
    ((? package?)
     `(("package" . ,(package-name value)) ("version" . ,(package-version value))))
    ((? association-list?) (map property-pair value))
    ((? list?) (list->vector (map property-json value)))
    ((head . tail) (vector (property-json head) (property-json tail)))
    (_ (printed value))))

(define (association-list? value)
  (and (list? value)
       (every (match-lambda (((or (? symbol?) (? string?)) . _) #t) (_ #f)) value)
       (let ((keys (map property-key value)))
         (= (length keys) (length (delete-duplicates keys))))))

(define (property-key pair)
  (if (symbol? (car pair)) (symbol->string (car pair)) (car pair)))

(define (property-pair pair)
  (cons (property-key pair) (property-json (cdr pair))))

(define (properties package)
  "All properties but Guix's private marks, the first of those that stand there twice.  A key that is a
string is a mistake, which is for the reader to tell."
  (let ((pairs (filter (match-lambda
                         (((? symbol? key) . _)
                          (not (string-prefix? " " (symbol->string key))))
                         (((? string?) . _) #t)
                         (_ #f))
                       (package-properties package))))
    (map property-pair
         (delete-duplicates pairs
                            (lambda (one other)
                              (string=? (property-key one) (property-key other)))))))


;;; Packages

(define (identifier package)
  (string-append (package-name package) "@" (package-version package)))

(define (location-text location)
  (if location
      (string-append (relative (location-file location)) ":"
                     (number->string (location-line location)) ":"
                     (number->string (location-column location)))
      'null))

(define (relative file)
  "FILE below the folder of the load path in which it is."
  (let ((folder (find (lambda (folder) (string-prefix? (string-append folder "/") file))
                      %load-path)))
    (if folder (string-drop file (+ 1 (string-length folder))) file)))

(define (license-names license)
  (list->vector (filter-map (lambda (one) (and (license? one) (license-name one)))
                            (if (list? license) license (list license)))))

(define (superseded package)
  (match (package-superseded package)
    ((? package? by) (identifier by))
    (_ 'null)))

(define %systems (list->vector %supported-systems))

(define (plain-fields package hidden?)
  "All that is told of PACKAGE but its implicit inputs and its replacement."
  (let ((systems (texts (package-supported-systems package))))
    (fields
     (cons "name" (package-name package))
     (cons "version" (package-version package))
     (cons "outputs" (texts (package-outputs package)))
     (cons "location" (location-text (package-location package)))
     (cons "home_page" (text (package-home-page package)))
     (cons "synopsis" (text (package-synopsis package)))
     (cons "license" (license-names (package-license package)))
     (cons "build_system" (symbol->string (build-system-name (package-build-system package))))
     (cons "supported_systems"
           (cond ((equal? systems %systems) 'null)
                 ;; One that is for none must not look like one that is for all.
                 ((equal? systems #()) '#("none"))
                 (else systems)))
     (cons "source" (source-object (package-source package)))
     (cons "properties" (match (properties package) (() 'null) (some some)))
     (cons "inputs" (input-objects (package-inputs package)))
     (cons "native_inputs" (input-objects (package-native-inputs package)))
     (cons "propagated_inputs" (input-objects (package-propagated-inputs package)))
     (cons "hidden" (if (or hidden? (hidden-package? package)) #t 'null))
     (cons "superseded" (superseded package)))))

(define %reached '())

(define (implicit-fields package)
  "The implicit inputs of PACKAGE; whatever it uses is remembered, to be printed as well."
  (let* ((explicit (append (package-inputs package)
                           (package-native-inputs package)
                           (package-propagated-inputs package)))
         (bag (attempt `(("package" . ,(identifier package)) ("kept" . #t))
                       (lambda () (package->bag package #:graft? #f))))
         (implicit (if bag (implicit-inputs bag explicit) '())))
    (set! %reached
          (append (input-packages explicit) (input-packages implicit) %reached))
    (if (null? implicit)
        '()
        `(("implicit_inputs" . ,(vector (set-number implicit)))))))

(define (replacement-fields package above hidden? depth)
  "The chain of replacements of PACKAGE, until it ends or comes back to one of those ABOVE."
  (match (and (< depth %replacement-depth) (package-replacement package))
    ((? package? replacement)
     (let ((told (plain-fields replacement hidden?)))
       ;; One that looks like the original may differ in what is not told; further down it is a circle.
       (if (and (positive? depth) (member told above))
           '()
           `(("replacement"
              . ,(append told
                         (implicit-fields replacement)
                         (replacement-fields replacement (cons told above) hidden?
                                             (+ depth 1))))))))
    (_ '())))

;; Packages that were printed, by object and by what was told of them.
(define %seen (make-hash-table))
(define %told (make-hash-table))

(define (print-package package hidden?)
  "Print PACKAGE, unless that was done.  Code may make the same package anew each time it is asked."
  (unless (hashq-ref %seen package)
    (hashq-set! %seen package #t)
    (let ((record (attempt `(("package" . ,(identifier* package)))
                           (lambda () (package-record package hidden?)))))
      (when record
        (print record)
        (set! %packages (+ %packages 1))
        (when (zero? (modulo %packages 5000))
          (progress "~a packages" %packages))))))

(define (package-record package hidden?)
  "What is printed of PACKAGE; #f if the same was printed already."
  (let* ((plain (plain-fields package hidden?))
         ;; As text: bytevectors are all put into one place of a hash table.
         (key (bytevector->base16-string (sha256 (string->utf8 (json plain))))))
    (and (or (not hidden?) (not (hash-ref %told key)))
         (begin
           (hash-set! %told key #t)
           (append plain
                   (implicit-fields package)
                   (replacement-fields package (list plain) hidden? 0))))))

(define (identifier* package)
  "The identifier of a package of which not even that is sure."
  (catch #t
    (lambda () (string-append (package-name package) "@" (package-version package)))
    (lambda _ "a package without a name")))


;;; Modules

(define (module-files)
  "Pairs of a folder of the package path and a file in it, in the order in which they are found."
  (append-map
   (lambda (place)
     (let-values (((folder below)
                   (match place
                     ((folder . below) (values folder (string-append folder "/" below)))
                     (folder (values folder folder)))))
       (map (cut cons folder <>) (scheme-files below))))
   (delete-duplicates (%package-module-path))))

(define (module-name folder file)
  (let ((relative (string-trim (string-drop file (string-length folder)) #\/)))
    (map string->symbol
         (string-split (string-drop-right relative (string-length ".scm")) #\/))))

(define (loaded-module name)
  (attempt `(("module" . ,(string-join (map symbol->string name))))
           (lambda ()
             ;; Without an interface a file is no module, such as one that describes a machine.
             (resolve-interface name)
             (resolve-module name #f #:ensure #f))))

(define (packages-of module)
  "The packages that variables of MODULE hold, by name: first public ones, then the others."
  (let ((public (module-public-interface module)) (found '()))
    (module-for-each
     (lambda (name variable)
       (let ((value (and (variable-bound? variable) (variable-ref variable))))
         (when (package? value)
           (set! found
                 (cons (list (if (module-variable public name) 0 1)
                             (symbol->string name)
                             value)
                       found)))))
     module)
    (sort found
          (match-lambda*
            (((place name _) (other-place other-name _))
             (or (< place other-place)
                 (and (= place other-place) (string<? name other-name))))))))

(define (print-all)
  (let* ((modules (filter-map (match-lambda
                                ((folder . file) (loaded-module (module-name folder file))))
                              (module-files)))
         (found (append-map packages-of modules)))
    (progress "~a modules are loaded" (length modules))
    ;; A package may have a private variable in one module, and a public one in another.
    (for-each (match-lambda ((place _ package) (when (= place 0) (print-package package #f))))
              found)
    (for-each (match-lambda ((_ _ package) (print-package package #t))) found)
    (print-reached)))

(define (print-reached)
  "Print packages that no variable holds, and that builds use all the same."
  (let loop ((number 0))
    (match %reached
      (() #t)
      ((package . rest)
       (set! %reached rest)
       (if (hashq-ref %seen package)
           (loop number)
           (if (< number %most-reached)
               (begin (print-package package #t) (loop (+ number 1)))
               (print `(("palisade" . "error")
                        ("package" . ,(identifier* package))
                        ("reason" . "it is one of too many packages that only inputs lead to")))))))))


;;; The whole

(define (option name)
  (let ((prefix (string-append "--" name "=")))
    (any (lambda (argument)
           (and (string-prefix? prefix argument)
                (string-drop argument (string-length prefix))))
         (command-line))))

(define (guix-channel field)
  "What Guix knows of its own channel; #f for a checkout."
  (catch #t
    (lambda ()
      (let ((known ((module-ref (resolve-interface '(guix describe)) 'current-channels)))
            (channels (resolve-interface '(guix channels))))
        (any (lambda (channel)
               (and (eq? ((module-ref channels 'channel-name) channel) 'guix)
                    ((module-ref channels field) channel)))
             known)))
    (const #f)))

(define (main)
  (print-unsummed
   `(("palisade" . "guix-inventory")
     ("version" . 1)
     ("commit" . ,(text (or (option "commit") (guix-channel 'channel-commit))))
     ("branch" . ,(text (or (option "branch") (guix-channel 'channel-branch))))
     ("time" . ,(text (option "time")))
     ("supported_systems" . ,%systems)))
  (parameterize ((%graft? #f))
    (print-all))
  (force-output %sum)
  (print-unsummed
   `(("palisade" . "end")
     ("packages" . ,%packages)
     ("sha256" . ,(bytevector->base16-string (%get-sum)))))
  (force-output %output)
  (progress "~a packages, ~a sets of implicit inputs" %packages (hash-count (const #t) %sets)))

;; Neither `guix repl' nor `guile --no-auto-compile' compiles a program, and interpreted this one takes
;; three times as long.  So it is first read to here, which does nothing, and then compiled.
(define (compile-self)
  (let ((file (car (command-line))))
    (module-define! (current-module) '%compiled #t)
    (if (file-exists? file)
        ((module-ref (resolve-interface '(system base compile)) 'compile-and-load) file)
        (main))))

(if (module-variable (current-module) '%compiled)
    (main)
    (compile-self))
