#include "launcher/map/login_shell.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/base/words.h"

namespace mapping {

namespace {

bool is_bash(std::string_view program) {
  return program == "bash" || program.ends_with("/bash");
}

/// "-l", "--login", "-xl".
bool is_login_option(std::string_view word) {
  if (word.starts_with("--")) return word == "--login";
  return word.starts_with('-') && word.find('l') != word.npos;
}

}  // namespace

bool is_for_login_bash(std::string_view script) {
  if (!script.starts_with("#!")) return false;
  const auto line = script.substr(2, script.find('\n') - 2);
  const auto words = base::split_words(line);
  if (!words) return false;
  const auto shell = std::ranges::find_if(*words, is_bash);
  return shell != words->end() && std::any_of(shell + 1, words->end(), is_login_option);
}

std::string after_login(std::string_view folders, const model::Environment& of_job) {
  std::string text = "PATH=" + base::shell_word(folders) + "${PATH:+:$PATH}\nexport PATH\n";
  const auto given = of_job.find("BASH_ENV");
  if (given == of_job.end()) return text + "unset BASH_ENV\n";
  return text + "BASH_ENV=" + base::shell_word(given->second) +
         "\n[ ! -r \"$BASH_ENV\" ] || . \"$BASH_ENV\"\n";
}

}  // namespace mapping
