#pragma once
// A folder of a test's own that is gone after it.

#include <filesystem>
#include <string>

#include "tests/support/catch.h"

namespace support {

class Place {
 public:
  Place() {
    std::string name = (std::filesystem::temp_directory_path() / "muster-store-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    folder_ = name;
  }
  ~Place() {
    std::error_code error;
    std::filesystem::remove_all(folder_, error);
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path file(const std::string& name) const { return folder_ / name; }

 private:
  std::filesystem::path folder_;
};

}  // namespace support
