#pragma once
// The part of the network's weights that one server holds. Workers pull and push from threads of
// their own; each call sees the shard whole.
//
// Its file: "parameter-server-shard 1\n", then server, n_servers, hidden, finished epochs (u32
// each), the weights (f64 each), and the CRC-32 of all before it (u32).

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "examples/digits/settings.h"
#include "examples/parameter-server/wire.h"

namespace parameter_server {

/// Where a server's weights stand in the network's flat list.
struct Range {
  std::size_t first;
  std::size_t count;
};

/// The ranges of all servers are disjoint and cover the list.
Range range_of(std::size_t n_parameters, std::size_t server, std::size_t n_servers);

/// What is written into a shard's file beside its weights, and must be the same when it is read.
struct ShardName {
  std::uint32_t server;
  std::uint32_t n_servers;
  std::uint32_t hidden;

  Range range() const { return range_of(digits::Shape{hidden}.n_parameters(), server, n_servers); }
};

std::string encode_shard(const ShardName& name, const Weights& weights);

/// errors    corrupt when the bytes are damaged; conflict when they are of another shard
base::Result<Weights> decode_shard(std::string_view bytes, const ShardName& name);

class Shard {
 public:
  /// Starts with the weights that all servers draw from the same seed.
  Shard(const ShardName& name, const digits::Settings& settings, std::uint32_t n_workers);

  /// The weights now, and how many epochs all workers have finished.
  Weights pull() const;

  /// Takes one step of plain gradient descent. Workers that do not wait for each other work like
  /// momentum (Mitliagkas et al. 2016), so there is none beside it.
  void push(std::span<const double> gradient);

  /// A worker has finished that many epochs.
  ///
  /// returns   whether all workers have now finished more than before
  /// errors    invalid when it skips an epoch
  base::Result<bool> finish(std::uint32_t worker, std::uint32_t epochs);

  /// Goes on from the file where there is one; call it before threads come.
  base::Result<void> load(const std::string& path);

  /// Replaces the file by what the shard now holds.
  base::Result<void> save(const std::string& path);

 private:
  std::uint32_t finished_by_all() const;

  ShardName name_;
  double learning_rate_;
  mutable std::mutex mutex_;  // guards the next two
  std::vector<double> values_;
  std::vector<std::uint32_t> finished_;  // epochs of each worker
  std::mutex saving_;                    // one writer of the file at a time, so that none goes back
};

}  // namespace parameter_server
