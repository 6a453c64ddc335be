#pragma once
// What workers and servers say to each other: frames of a kind, the length of the body, and a body
// of exactly the length that its kind has. Numbers are little-endian.
//
//   kind (u32)  body
//   1 hello     version, worker, n_workers, server, n_servers, n_parameters (u32 each); comes first
//   2 pull      empty; answered by weights
//   3 push      the mean gradient of a batch (f64 for each weight of the server); not answered
//   4 finished  how many epochs this worker has finished (u32); not answered
//   5 weights   how many epochs all workers have finished (u32), the server's weights (f64 each)

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace parameter_server {

enum class Kind : std::uint32_t { hello = 1, pull, push, finished, weights };
std::string_view to_text(Kind kind);
std::optional<Kind> kind_from_number(std::uint32_t number);

struct Frame {
  Kind kind;
  std::string body;
};

/// Who speaks to whom, and about what network; both sides must agree on all of it.
struct Hello {
  std::uint32_t worker = 0;
  std::uint32_t n_workers = 0;
  std::uint32_t server = 0;
  std::uint32_t n_servers = 0;
  std::uint32_t n_parameters = 0;
};

struct Weights {
  std::uint32_t finished = 0;  // epochs
  std::vector<double> values;
};

std::string encode(const Hello& hello);
std::string encode_pull();
std::string encode_push(std::span<const double> gradient);
std::string encode_finished(std::uint32_t epochs);
std::string encode(const Weights& weights);

constexpr std::size_t header_size = 2 * sizeof(std::uint32_t);

struct Header {
  Kind kind;
  std::size_t length;
};

/// The header of a frame, so that nothing is read or allocated before its length is known to be
/// right.
///
/// bytes     header_size bytes
/// n_weights of the server that one side is
/// errors    corrupt for unknown kinds and lengths that the kind does not have
base::Result<Header> decode_header(std::string_view bytes, std::size_t n_weights);

/// errors    corrupt when the other side speaks another version
base::Result<Hello> decode_hello(const Frame& frame);

/// errors    corrupt when a number is not finite: one such gradient would spoil all weights
base::Result<std::vector<double>> decode_push(const Frame& frame);

std::uint32_t decode_finished(const Frame& frame);
Weights decode_weights(const Frame& frame);

}  // namespace parameter_server
