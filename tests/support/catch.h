#pragma once
// The one place that includes Catch2, so that its version matters in one file only.

#include <catch2/catch.hpp>
