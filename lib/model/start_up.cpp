#include "lib/model/start_up.h"

namespace model {

std::string_view to_text(StartUp start_up) {
  switch (start_up) {
    case StartUp::all:
      return "all";
    case StartUp::pmix:
      return "pmix";
    case StartUp::pmi1:
      return "pmi1";
    case StartUp::none:
      return "none";
  }
  return "";
}

std::optional<StartUp> start_up_from_text(std::string_view text) {
  for (const auto one : {StartUp::all, StartUp::pmix, StartUp::pmi1, StartUp::none}) {
    if (to_text(one) == text) return one;
  }
  return std::nullopt;
}

}  // namespace model
