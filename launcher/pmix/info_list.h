#pragma once
// Lists of PMIx's key-value pairs that free what they own.

#include <pmix_common.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace pmix {

/// Values are copied when they are added.
class InfoList {
 public:
  InfoList() = default;
  ~InfoList();
  InfoList(const InfoList&) = delete;
  InfoList& operator=(const InfoList&) = delete;

  void text(const char* key, const std::string& value);
  void number(const char* key, std::uint32_t value);
  void small_number(const char* key, std::uint16_t value);
  void rank(const char* key, int value);
  void flag(const char* key, bool value);
  /// `value` is what PMIx_generate_regex or PMIx_generate_ppn made.
  void regex(const char* key, const char* value);
  void array(const char* key, InfoList& members);

  pmix_info_t* data() { return infos_.data(); }
  std::size_t size() const { return infos_.size(); }

 private:
  void add(const char* key, const void* value, pmix_data_type_t type);

  std::vector<pmix_info_t> infos_;
};

}  // namespace pmix
