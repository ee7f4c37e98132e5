"""Which lines of a post are machine output: log lines and stack frames.

Belongs here: the shapes of such lines. A line counts only when its beginning has one of these shapes, so a sentence
about an error stays. Does not belong here: removing them (``cleaning``), fenced code (``markup``).
"""

import re
from collections.abc import Iterable

# Every alternative is anchored at the line's start and free of nested repetition, so a line costs time linear in its
# length. The lengths are bounded where a path or a type may run on.
_LOG_LINE = re.compile(
    r"""
    \W{0,3}(?:
        \d{4}[-/]\d\d[-/]\d\d[T\ ]\d\d:\d\d:\d\d            # ISO 8601 time stamp
      | \d{1,2}/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d               # web server access log
      | [A-Z][a-z]{2}\ +\d{1,2}\ \d\d:\d\d:\d\d\ \S         # syslog
      | \d\d:\d\d:\d\d[.,:\ ]\s?\S                          # clock time alone
      | [IWEF]\d{4}\ \d\d:\d\d:\d\d                         # glog
      | (?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|FATAL|CRITICAL|SEVERE)(?:\]|\s*[:|]|\s+-\s|\s+[\[(])  # level
      | (?i:npm\ (?:err!|warn|notice|info)\s)
      | [VDIWEF]/[\w.$-]{1,60}\s*[(:]                       # Android
    )
  | (?:
        at\ [^\n]{0,300}?(?:\([^()\n]{0,300}\)|:\d+:\d+\)?|:line\ \d+)\s*$   # JavaScript, Java, C#
      | at\ (?:new\ |async\ )?[\w$.<>/]{1,120}\s*$          # a component stack names one frame a line
      | [\w$.<>/*\[\]-]{0,120}@(?:[a-z-]{2,20}://|/)\S{0,400}:\d+(?::\d+)?\s*$   # Firefox
      | File\ "[^"\n]{1,300}",\ line\ \d+                   # Python
      | Traceback\ \(most\ recent\ call\ last\)
      | goroutine\ \d+\ \[
      | \#\d+\s+(?:0x[0-9a-fA-F]+|\S{1,200}\ (?:at|in)\s)   # gdb, PHP
      | \d+:\s+0x[0-9a-fA-F]+\s+-\s                         # Rust
      | (?:from\ )?[\w./~-]{1,200}\.rb:\d+:in\s             # Ruby
      | \.\.\.\ \d+\ (?:more|common\ frames\ omitted)
      | Caused\ by:\s+[\w.$]{1,200}(?:Exception|Error)\b
      | Exception\ in\ thread\ "
    )
    """,
    re.VERBOSE,
)
_PYTHON_FRAME = re.compile(r'File "[^"\n]{1,300}", line \d+')


def is_log_line(line: str) -> bool:
    """Tell whether a line looks like a log line: time stamp, level prefix, or a stack frame of a common language."""
    return _LOG_LINE.match(line.strip()) is not None


def without_log_lines(lines: Iterable[str]) -> list[str]:
    """Return the lines that are no log lines.

    The indented source line that Python prints below each ``File "…", line n`` goes with its frame; the exception's own
    line, which says what went wrong, stays.
    """
    kept = []
    after_python_frame = False
    for line in lines:
        if is_log_line(line):
            after_python_frame = _PYTHON_FRAME.match(line.strip()) is not None
            continue
        if not (after_python_frame and line[:1].isspace()):
            kept.append(line)
        after_python_frame = False
    return kept
