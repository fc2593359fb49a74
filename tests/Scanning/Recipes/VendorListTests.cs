using Pellicle.Scanning.Extractors;
using Pellicle.Scanning.Tests.Support;

namespace Pellicle.Scanning.Tests.Recipes;

public sealed class VendorListTests
{
    [Theory]
    [InlineData("vendor.list", true)]
    [InlineData("lib/vendor.list", true)]
    [InlineData("vendor.list.bak", false)]
    public void Only_its_own_file_is_opened(string path, bool wanted) => new VendorList().IsRequired(new ScanPath(path)).ShouldBe(wanted);

    [Fact]
    public void No_registered_extractor_has_its_name() => AllExtractors.Create().Select(e => e.Name).ShouldNotContain(new VendorList().Name);
}
