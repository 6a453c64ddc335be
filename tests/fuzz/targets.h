#pragma once
// What the fuzzer throws bytes at: a decoder may refuse them, but what it accepts it must write so
// that it reads the same again. The corpus runs through the same functions as a unit test.

#include <array>
#include <string>
#include <string_view>

#include "lib/base/check.h"
#include "lib/wire/agent.h"
#include "lib/wire/api.h"
#include "lib/wire/fact.h"
#include "lib/wire/head.h"
#include "lib/wire/launch.h"

namespace fuzz {

/// Decodes, encodes and decodes again: the second encoding has to be the first.
template <class Decode, class Encode>
void round_trip(std::string_view bytes, Decode decode, Encode encode) {
  const auto value = decode(bytes);
  if (!value) {
    base::check(!value.error().text.empty(), "an error has a text");
    return;
  }
  const std::string once = encode(*value);
  const auto again = decode(once);
  base::check(again.has_value(), "what is written can be read");
  base::check(encode(*again) == once, "what is read is what was written");
}

inline void from_agent(std::string_view bytes) {
  round_trip(bytes, wire::decode_from_agent, [](const auto& m) { return wire::encode(m); });
}

inline void to_agent(std::string_view bytes) {
  round_trip(bytes, wire::decode_to_agent, [](const auto& m) { return wire::encode(m); });
}

inline void head(std::string_view bytes) {
  round_trip(bytes, wire::decode_head, [](const auto& m) { return wire::encode(m); });
}

inline void order(std::string_view bytes) {
  round_trip(bytes, wire::decode_order, wire::encode_order);
}

inline void fact(std::string_view bytes) {
  round_trip(
      bytes, [](std::string_view b) { return wire::decode_fact(b); },
      [](const auto& f) { return wire::encode(f); });
}

inline void job_spec(std::string_view bytes) {
  round_trip(bytes, wire::job_spec_from_json, [](const model::JobSpec& spec) {
    const auto json = wire::to_json(spec);
    base::check(json.has_value(), "what came as JSON goes as JSON");
    return *json;
  });
}

struct Target {
  std::string_view name;  // also of its folder in corpus/
  void (*run)(std::string_view bytes);
};

constexpr std::array<Target, 6> targets{{{"from_agent", from_agent},
                                         {"to_agent", to_agent},
                                         {"head", head},
                                         {"order", order},
                                         {"fact", fact},
                                         {"job_spec", job_spec}}};

}  // namespace fuzz
