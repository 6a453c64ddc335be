#pragma once
// What the verbs that list or show have in common: an answer as JSON, or read and laid out.

#include <expected>
#include <string>

#include "cli/problem.h"
#include "cli/render/json.h"
#include "cli/terminal.h"
#include "cli/verb.h"

namespace cli {

/// Prints an answer of the controller: its JSON with --json, else the text of what `read` finds.
template <typename Read, typename Text>
Outcome print_answer(const options::Parsed& line, const Try<std::string>& body, Read read,
                     Text text) {
  if (!body) return std::unexpected(body.error());
  if (options::has(line, json_id)) {
    const auto json = render::pretty(*body);
    if (!json) return refuse(json.error());
    print(*json);
    return exit_done;
  }
  const auto answer = read(*body);
  if (!answer) return refuse(answer.error());
  print(text(*answer));
  return exit_done;
}

}  // namespace cli
