#include "launcher/pmix/info_list.h"

#include <pmix.h>

namespace pmix {

InfoList::~InfoList() {
  for (auto& info : infos_) PMIX_INFO_DESTRUCT(&info);
}

void InfoList::add(const char* key, const void* value, pmix_data_type_t type) {
  // Zero is a valid empty pair, and loading copies the value, so growing the list is safe.
  pmix_info_t& info = infos_.emplace_back();
  PMIX_INFO_LOAD(&info, key, value, type);
}

void InfoList::text(const char* key, const std::string& value) {
  add(key, value.c_str(), PMIX_STRING);
}

void InfoList::number(const char* key, std::uint32_t value) {
  add(key, &value, PMIX_UINT32);
}

void InfoList::small_number(const char* key, std::uint16_t value) {
  add(key, &value, PMIX_UINT16);
}

void InfoList::rank(const char* key, int value) {
  const auto rank = static_cast<pmix_rank_t>(value);
  add(key, &rank, PMIX_PROC_RANK);
}

void InfoList::flag(const char* key, bool value) {
  add(key, &value, PMIX_BOOL);
}

void InfoList::regex(const char* key, const char* value) {
  add(key, value, PMIX_REGEX);
}

void InfoList::array(const char* key, InfoList& members) {
  pmix_data_array_t array{};
  array.type = PMIX_INFO;
  array.array = members.data();
  array.size = members.size();
  add(key, &array, PMIX_DATA_ARRAY);
}

}  // namespace pmix
