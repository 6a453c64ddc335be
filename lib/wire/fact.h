#pragma once
// Facts and snapshots as the journal keeps them (fact.proto, docs/journal.md).

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/model/fact.h"

namespace wire {

/// Of the encoding; kept with each fact, so that a later one can read what an earlier one wrote.
constexpr int fact_version = 1;

std::string encode(const model::Fact& fact);

/// errors: corrupt, naming the field; or naming the version, where a newer muster wrote it
base::Result<model::Fact> decode_fact(std::string_view bytes, int version = fact_version);

/// A snapshot is the facts that make the state, headed by NumbersGiven.
std::string encode_snapshot(std::span<const model::Fact> facts);
base::Result<std::vector<model::Fact>> decode_snapshot(std::string_view bytes);

}  // namespace wire
