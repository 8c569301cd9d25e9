using OnnxTransfer.Backbones;

namespace OnnxTransfer.Tests.Backbones;

public sealed class BackboneCatalogueTests : IDisposable
{
    private readonly TinyBackbone tiny = new();

    public void Dispose() => tiny.Dispose();

    [Fact]
    public void Finds_by_name_by_model_and_by_description()
    {
        foreach (var what in new[] { "tiny", tiny.ModelPath, tiny.DescriptionPath })
        {
            var entry = tiny.Catalogue.Find(what);

            Assert.Equal(("tiny", tiny.DescriptionPath, tiny.ModelPath), (entry.Description.Name, entry.DescriptionPath, entry.ModelPath));
            Assert.Equal(FileState.Verified, entry.Verify());
        }
    }

    [Fact]
    public void Tells_a_missing_from_a_changed_file()
    {
        File.AppendAllText(tiny.ModelPath, "x");
        Assert.Equal(FileState.HashMismatch, Assert.Single(tiny.Catalogue.List()).Verify());

        File.Delete(tiny.ModelPath);
        Assert.Equal(FileState.Missing, Assert.Single(tiny.Catalogue.List()).Verify());
    }

    [Fact]
    public void A_file_without_a_hash_is_there_and_no_more()
    {
        tiny.Json.Remove("sha256");
        tiny.Write();

        Assert.Equal(FileState.Present, tiny.Catalogue.Find("tiny").Verify());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Of_two_of_one_name_the_one_whose_file_is_there_counts(bool templateHasAFileToo)
    {
        using var template = new TinyBackbone();
        template.Json.Remove("sha256");
        template.Write();
        if (!templateHasAFileToo)
        {
            template.Json["file"] = "gone.onnx";
            template.Write();
        }

        var entry = Assert.Single(new BackboneCatalogue(template.Folder, tiny.Folder).List());

        Assert.Equal(tiny.DescriptionPath, entry.DescriptionPath);
        Assert.Equal(tiny.DescriptionPath, new BackboneCatalogue(template.Folder, tiny.Folder).Find("tiny").DescriptionPath);
    }

    [Fact]
    public void A_model_that_lies_elsewhere_is_described_by_its_name_where_no_hash_is_known()
    {
        var elsewhere = Directory.CreateDirectory(Path.Combine(tiny.Folder, "elsewhere")).FullName;
        var model = Path.Combine(elsewhere, "tiny.onnx");
        File.Move(tiny.ModelPath, model);
        tiny.Json.Remove("sha256");
        tiny.Write();

        var entry = tiny.Catalogue.Find(model);

        Assert.Equal(("tiny", model, tiny.DescriptionPath, FileState.Present), (entry.Description.Name, entry.ModelPath, entry.DescriptionPath, entry.Verify()));
    }

    [Fact]
    public void A_model_of_a_described_name_without_the_described_tensors_is_not_taken_for_it()
    {
        var elsewhere = Directory.CreateDirectory(Path.Combine(tiny.Folder, "elsewhere")).FullName;
        var model = Path.Combine(elsewhere, "tiny.onnx");
        File.Move(tiny.ModelPath, model);
        tiny.Json.Remove("sha256");
        tiny.Json["taps"]![1]!["tensor"] = "layer4";
        tiny.Write();

        var error = Assert.Throws<BackboneException>(() => tiny.Catalogue.Find(model));

        Assert.Contains(
            $"in {tiny.Folder} ({tiny.DescriptionPath} speaks of a file of this name, but this one lacks its tensors layer4); a file {elsewhere}/tiny.json must say ",
            error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_model_may_lie_in_another_folder()
    {
        var other = Directory.CreateDirectory(Path.Combine(tiny.Folder, "weights")).FullName;
        var moved = Path.Combine(other, "tiny.onnx");
        File.Move(tiny.ModelPath, moved);

        Assert.Equal(moved, new BackboneCatalogue(tiny.Folder, other).Find("tiny").ModelPath);
    }

    [Fact]
    public void Of_two_of_one_name_the_first_folder_counts()
    {
        using var second = new TinyBackbone();

        var entry = Assert.Single(new BackboneCatalogue(second.Folder, tiny.Folder).List());

        Assert.Equal(second.DescriptionPath, entry.DescriptionPath);
    }

    [Fact]
    public void An_unknown_name_lists_the_known_ones()
    {
        var error = Assert.Throws<BackboneException>(() => tiny.Catalogue.Find("tinny"));

        Assert.Equal(
            $"backbone 'tinny': not in {tiny.Folder}; known are 'tiny'. Give one of these, the path of an .onnx file with its description beside it, "
            + "or name further folders in ONNXTRANSFER_MODELS",
            error.Message);
    }

    [Fact]
    public void A_description_that_cannot_be_read_hides_no_other_and_is_told()
    {
        var broken = Path.Combine(tiny.Folder, "broken.json");
        File.WriteAllText(broken, "{");

        Assert.Equal("tiny", Assert.Single(tiny.Catalogue.List()).Description.Name);
        Assert.StartsWith($"{broken}: is not JSON", Assert.Single(tiny.Catalogue.Problems()));
        Assert.Contains($"\nunreadable: {broken}: is not JSON", Assert.Throws<BackboneException>(() => tiny.Catalogue.Find("x")).Message);
    }

    [Fact]
    public void A_model_without_description_is_told_how_one_looks()
    {
        var sha256 = tiny.Catalogue.Find("tiny").Description.Sha256;
        File.Delete(tiny.DescriptionPath);

        var error = Assert.Throws<BackboneException>(() => tiny.Catalogue.Find(tiny.ModelPath));

        Assert.Equal(
            $"{tiny.ModelPath}: has no description, neither beside it nor, by its hash, in {tiny.Folder}; a file {tiny.DescriptionPath} must say what the network wants and where it is tapped: "
            + $"'onnxtransfer models import {tiny.ModelPath}' (BackboneImport.Import) writes it, or write it by hand (this file's sha256 is {sha256}):\n{DescriptionReader.Example}",
            error.Message);
    }

    [Fact]
    public void A_model_that_lies_elsewhere_is_described_by_its_hash()
    {
        var elsewhere = Directory.CreateDirectory(Path.Combine(tiny.Folder, "elsewhere")).FullName;
        var model = Path.Combine(elsewhere, "renamed.onnx");
        File.Move(tiny.ModelPath, model);

        var entry = tiny.Catalogue.Find(model);

        Assert.Equal(("tiny", model, tiny.DescriptionPath), (entry.Description.Name, entry.ModelPath, entry.DescriptionPath));
        Assert.Equal(FileState.Verified, entry.Verify());
    }

    [Fact]
    public void Folders_that_do_not_exist_are_empty()
    {
        var absent = Path.Combine(tiny.Folder, "absent");

        Assert.Empty(new BackboneCatalogue(absent).List());
        Assert.Contains("no backbone is described there", Assert.Throws<BackboneException>(() => new BackboneCatalogue(absent).Find("x")).Message);
        Assert.Equal("absent.onnx: not there; expected the ONNX file of a backbone",
            Assert.Throws<BackboneException>(() => new BackboneCatalogue(absent).Find("absent.onnx")).Message);
    }
}
