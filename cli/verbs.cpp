#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "cli/verb.h"
#include "lib/base/text.h"

namespace cli {

namespace {

constexpr std::array<const Verb*, 35> all{
    &up_verb,         &down_verb,     &submit_verb,   &run_verb,     &attach_verb,  &shell_verb,
    &exec_verb,       &forward_verb,  &jobs_verb,     &show_verb,    &why_verb,     &logs_verb,
    &wait_verb,       &cancel_verb,   &hold_verb,     &release_verb, &requeue_verb, &update_verb,
    &checkpoint_verb, &priority_verb, &quota_verb,    &nodes_verb,   &init_verb,    &node_verb,
    &pools_verb,      &pool_verb,     &reserve_verb,  &drain_verb,   &resume_verb,  &doctor_verb,
    &events_verb,     &config_verb,   &simulate_verb, &version_verb, &help_verb};

}  // namespace

std::span<const Verb* const> verbs() {
  return all;
}

const Verb* find_verb(std::string_view name) {
  const auto found = std::ranges::find(all, name, [](const Verb* verb) { return verb->name; });
  return found == all.end() ? nullptr : *found;
}

std::string help_of(const Verb& verb) {
  std::string text;
  for (const auto form : base::split(verb.synopsis, '\n')) {
    text += fmt::format("{} muster {} {}\n", text.empty() ? "usage:" : "      ", verb.name, form);
  }
  const auto add = [&text](std::string_view paragraph) {
    text += '\n';
    text += options::wrap(paragraph, 0, help_width);
  };
  add(verb.summary);
  if (!verb.details.empty()) {
    for (const auto paragraph : base::split(verb.details, '\n')) add(paragraph);
  }
  return text + "\nOptions:\n" + options::help_text(verb.table(), help_width);
}

std::string overview() {
  std::string text =
      "usage: muster COMMAND [OPTIONS] ...\n\n"
      "A batch scheduler and MPI launcher. First steps: muster up; submit SCRIPT; muster jobs.\n\n"
      "Commands:\n";
  for (const auto* verb : all) text += fmt::format("  {:<10} {}\n", verb->name, verb->summary);
  return text + "\nMore about one: muster COMMAND --help, and muster(1).\n";
}

}  // namespace cli
