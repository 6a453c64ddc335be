#include "nodeprep/gpu/report.h"

#include <array>
#include <cstdio>

namespace gpucheck {

namespace {

class Object {
 public:
  void add(const char* key, const std::string& text) {
    begin(key);
    text_ += '"';
    for (const char c : text) {
      if (c == '"' || c == '\\') text_ += '\\';
      text_ += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    }
    text_ += '"';
  }
  void add(const char* key, std::uint64_t number) {
    begin(key);
    text_ += std::to_string(number);
  }
  void add(const char* key, double number) {
    std::array<char, 32> digits{};
    std::snprintf(digits.data(), digits.size(), "%.6g", number);
    begin(key);
    text_ += digits.data();
  }
  std::string end() const { return text_ + '}'; }

 private:
  void begin(const char* key) {
    text_ += text_.size() > 1 ? ",\"" : "\"";
    text_ += key;
    text_ += "\":";
  }

  std::string text_ = "{";
};

}  // namespace

std::string json_of(const model::GpuCheck& gpu) {
  Object object;
  object.add("uuid", gpu.uuid);
  object.add("name", gpu.name);
  object.add("problem", gpu.problem);
  object.add("tested_bytes", gpu.tested_bytes);
  object.add("memory_passes", gpu.memory_passes);
  object.add("wrong_words", gpu.wrong_words);
  object.add("first_wrong", gpu.first_wrong);
  object.add("wrong_pattern", gpu.wrong_pattern);
  object.add("product_by", gpu.product_by);
  object.add("flops_per_second", gpu.flops_per_second);
  object.add("wrong_products", gpu.wrong_products);
  object.add("to_device_bytes_per_second", gpu.to_device);
  object.add("from_device_bytes_per_second", gpu.from_device);
  object.add("within_bytes_per_second", gpu.within);
  object.add("wrong_copies", gpu.wrong_copies);
  object.add("sums_problem", gpu.sums_problem);
  object.add("sums_in_node_bytes_per_second", gpu.sums_in_node);
  object.add("sums_between_nodes_bytes_per_second", gpu.sums_between_nodes);
  object.add("wrong_sums", gpu.wrong_sums);
  return object.end();
}

}  // namespace gpucheck
