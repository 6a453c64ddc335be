// Job scripts: whatever is in one, it is refused with a sentence or becomes a request.

#include <cstddef>
#include <cstdint>
#include <string>

#include "cli/dialect/submission.h"
#include "cli/request/submission.h"
#include "lib/base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const request::ScriptFile script{"t.sh", {reinterpret_cast<const char*>(bytes), size}};
  options::Parsed line;
  line.rest = {"t.sh"};
  const auto submission = dialect::make_submission(line, script, {"/home/ann", {{"A", "1"}}});
  if (!submission) {
    base::check(submission.error().text.starts_with("t.sh: "), "a refusal begins with the file");
    return 0;
  }
  base::check(submission->spec.script.ends_with(script.text), "the script is kept as it is");
  base::check(submission->spec.work_dir.starts_with('/'), "the directory is absolute");
  base::check(submission->spec.output.starts_with('/'), "the output is absolute");
  return 0;
}
