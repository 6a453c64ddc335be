#pragma once
// Output of ranks with the rank in front of each line.

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "lib/model/head_message.h"

namespace render {

/// Turns pieces of output into whole lines "0: text", so that lines of ranks do not mix.
class Labels {
 public:
  /// The lines that are complete now.
  std::string take(int rank, model::OutputStream stream, std::string_view bytes);

  /// The unfinished lines of a stream, ended.
  std::string finish(model::OutputStream stream);

 private:
  std::map<std::pair<int, model::OutputStream>, std::string> open_;
};

}  // namespace render
