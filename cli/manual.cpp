#include "cli/manual.h"

#include <fmt/format.h>

#include <vector>

#include "cli/request/mpi_command.h"
#include "cli/verb.h"
#include "conf/document.h"
#include "lib/base/text.h"

namespace cli {

namespace {

std::string synopsis(const Verb& verb) {
  auto text = fmt::format(".Ss muster {}\n.Bd -literal -offset indent\n", verb.name);
  for (const auto form : base::split(verb.synopsis, '\n')) {
    text += fmt::format("muster {} {}\n", verb.name, form);
  }
  return text + ".Ed\n.Pp\n";
}

std::string paragraphs(std::string_view details) {
  std::string text;
  for (const auto paragraph : base::split(details, '\n')) {
    if (!text.empty()) text += ".Pp\n";
    text += conf::mdoc_text(paragraph) + "\n";
  }
  return text;
}

}  // namespace

std::string manual_options(std::span<const options::Option> table) {
  std::string text = ".Bl -tag -width Ds\n";
  for (const auto& option : table) {
    if (option.help.empty()) continue;
    std::string head = ".It";
    if (option.letter != 0) {
      head += fmt::format(" Fl {}", option.letter);
      if (option.takes_value()) head += fmt::format(" Ar {}", option.placeholder);
      head += " ,";
    }
    head += fmt::format(" Fl \\-{}", option.name);
    if (option.takes_value()) head += fmt::format(" Ns = Ns Ar {}", option.placeholder);
    text += head + "\n" + conf::mdoc_text(option.help) + "\n";
  }
  return text + ".El\n";
}

std::string manual_commands() {
  std::string text;
  for (const auto* verb : verbs()) {
    text += synopsis(*verb) + conf::mdoc_text(verb->summary) + "\n";
    if (!verb->details.empty()) text += paragraphs(verb->details);
    if (verb == &submit_verb) {
      text += "Its options are described in\n.Xr submit 1 .\n";
      continue;
    }
    if (verb == &simulate_verb) {
      text += "Its options are described in\n.Xr muster-simulate 1 .\n";
      continue;
    }
    if (verb == &init_verb || verb == &node_verb) {
      text += "Its options are described in\n.Xr muster-node 1 .\n";
      continue;
    }
    std::vector<options::Option> own;
    for (const auto& option : verb->table()) {
      if (option.name != "help" && option.name != "dir" && option.id != json_id) {
        own.push_back(option);
      }
    }
    if (!own.empty()) text += manual_options(own);
  }
  return text;
}

std::string manual_mpi_options() {
  std::string text = ".Bl -tag -width Ds\n";
  for (const auto& option : request::mpi_options()) {
    std::string head = ".It";
    for (const auto name : base::split(option.names, ' ')) {
      head += fmt::format("{} Fl {}", head == ".It" ? "" : " ,", name);
    }
    if (!option.placeholder.empty()) head += fmt::format(" Ar {}", option.placeholder);
    text += head + "\n" + conf::mdoc_text(option.help) + "\n";
  }
  return text + ".El\n";
}

}  // namespace cli
