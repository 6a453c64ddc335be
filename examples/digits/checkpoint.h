#pragma once
// The state of training on disk, so that a restarted attempt goes on where the last one stopped. A
// file is whole or absent: it is written under another name, synced and renamed.
//
// Format, little-endian: "digits-checkpoint 1\n", then hidden, batch, epoch (u32), seed (u64),
// learning rate (f64), parameters and velocity (f64 each), and the CRC-32 of all before it (u32).

#include <optional>
#include <string>
#include <string_view>

#include "examples/digits/trainer.h"

namespace digits {

std::string encode_checkpoint(const Settings& settings, const State& state);

/// errors    corrupt when the bytes are damaged; conflict when they come from a run with other
/// settings,
///           as going on would give a result that no run from the start gives
base::Result<State> decode_checkpoint(std::string_view bytes, const Settings& settings);

base::Result<void> save_checkpoint(const std::string& path, const Settings& settings,
                                   const State& state);

/// The state to go on from; nullopt when there is no such file yet.
base::Result<std::optional<State>> load_checkpoint(const std::string& path,
                                                   const Settings& settings);

}  // namespace digits
