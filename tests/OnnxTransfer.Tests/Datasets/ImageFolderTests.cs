using System.Runtime.CompilerServices;
using OnnxTransfer.Datasets;

namespace OnnxTransfer.Tests.Datasets;

public sealed class ImageFolderTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Sub_folders_are_classes_in_ordinal_order()
    {
        _folder.With("tulip/b.jpg", "tulip/a.png", "rose/deep/er/ü ö.webp", "rose/readme.txt", "rose/.hidden.jpg");

        var dataset = ImageFolder.Open(_folder.Path);

        Assert.Equal(["rose", "tulip"], dataset.Classes);
        Assert.Equal([0, 1, 1], dataset.Items.Select(item => item.Label));
        Assert.Equal(["ü ö.webp", "a.png", "b.jpg"], dataset.Items.Select(item => Path.GetFileName(item.Name)));
        Assert.False(dataset.HasOwnSplits);
        Assert.Equal(["1 files without an image's ending passed over (1 .txt)"], dataset.Notes);
    }

    [Fact]
    public void A_class_folder_without_images_is_noted()
    {
        _folder.With("rose/1.jpg", "tulip/readme.txt");
        Directory.CreateDirectory(_folder["lily", "deep"]);

        var dataset = ImageFolder.Open(_folder.Path);

        Assert.Equal(["rose"], dataset.Classes);
        Assert.Equal(
            [
                $"{_folder["lily"]}: passed over, there are no images in it", $"{_folder["tulip"]}: passed over, there are no images in it",
                "1 files without an image's ending passed over (1 .txt)",
            ],
            dataset.Notes);
    }

    [Fact]
    public void Many_images_take_little_memory()
    {
        const int Images = 4000;
        for (var i = 0; i < Images; i++)
        {
            File.WriteAllBytes(_folder["photos", i % 2 == 0 ? "roses" : "tulips", $"photo_{i:000000}.jpg"], []);
        }

        ImageFolder.Open(_folder["photos"]); // what is made once

        // Other tests allocate and give back meanwhile: the middle of several is what the list itself takes.
        double[] bytes = [.. Enumerable.Range(0, 7).Select(_ => BytesOf(_folder["photos"]) / (double)Images).Order()];

        Assert.InRange(bytes[3], 50, 200);
    }

    [Fact]
    public void An_image_is_the_same_however_its_path_is_kept()
    {
        _folder.With("a/1.jpg");
        var (found, named) = (ImageFolder.Open(_folder.Path).Items[0].Images[0], new ImageSource(_folder["a", "1.jpg"]));

        Assert.Equal(_folder["a", "1.jpg"], found.Path);
        Assert.Equal(named, found);
        Assert.Equal(named.GetHashCode(), found.GetHashCode());
        Assert.NotEqual(named, found with { Path = _folder["a", "2.jpg"] });
        Assert.NotEqual(named, found with { Offset = 1 });
    }

    [Fact]
    public void Train_val_and_test_folders_are_honoured()
    {
        _folder.With("train/a/1.jpg", "train/b/2.jpg", "val/a/3.jpg", "test/b/4.jpg");

        var dataset = ImageFolder.Open(_folder.Path);

        Assert.True(dataset.HasOwnSplits);
        Assert.Equal([Split.Train, Split.Train, Split.Validation, Split.Test], dataset.Items.Select(item => item.Split));
        Assert.Equal([0, 1, 0, 1], dataset.Items.Select(item => item.Label));
    }

    [Fact]
    public void Split_folders_may_be_capitalised_and_others_are_noted()
    {
        _folder.With("Train/a/1.jpg", "Train/b/2.jpg", "TEST/b/4.jpg", "extra/a/5.jpg");

        var dataset = ImageFolder.Open(_folder.Path);

        Assert.Equal([Split.Train, Split.Train, Split.Test], dataset.Items.Select(item => item.Split));
        Assert.Equal([$"{_folder["extra"]}: not read; beside train only val, validation and test are"], dataset.Notes);
    }

    [Fact]
    public void Images_without_class_folders_have_no_labels()
    {
        _folder.With("1.jpg", "2.jpg");

        var dataset = ImageFolder.Open(_folder.Path);

        Assert.Empty(dataset.Classes);
        Assert.Equal([-1, -1], dataset.Items.Select(item => item.Label));
    }

    [Fact]
    public void Equal_names_in_different_classes_are_different_images()
    {
        _folder.With("a/1.jpg", "b/1.jpg");

        Assert.Equal(2, ImageFolder.Open(_folder.Path).Items.Select(item => item.Name).Distinct().Count());
    }

    [Fact]
    public void An_image_beside_class_folders_is_an_error()
    {
        _folder.With("a/1.jpg", "loose.jpg");

        var error = Assert.Throws<DatasetException>(() => ImageFolder.Open(_folder.Path));

        Assert.Equal(
            $"{_folder.Path}: {_folder["loose.jpg"]} lies beside class folders and so has no class; move it into one of them or elsewhere",
            error.Message);
    }

    [Fact]
    public void An_empty_folder_is_an_error()
    {
        var error = Assert.Throws<DatasetException>(() => ImageFolder.Open(_folder.Path));

        Assert.Equal(
            $"{_folder.Path}: no images found (it is empty); expected files such as .jpg or .png in class sub-folders", error.Message);
    }

    [Fact]
    public void A_folder_without_images_says_what_it_holds()
    {
        _folder.With("a/notes.txt", "a/more.txt", "a/film.mp4");

        var error = Assert.Throws<DatasetException>(() => ImageFolder.Open(_folder.Path));

        Assert.Contains("no images found (1 .mp4, 2 .txt)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_class_of_test_that_train_lacks_is_an_error()
    {
        _folder.With("train/a/1.jpg", "train/b/1.jpg", "test/c/2.jpg");

        var error = Assert.Throws<DatasetException>(() => ImageFolder.Open(_folder.Path));

        Assert.Equal(
            $"{_folder.Path}: class 'c' of {_folder["test", "c", "2.jpg"]} does not occur in train; expected one of: a, b", error.Message);
    }

    [Fact]
    public void A_loop_of_symbolic_links_ends_and_is_noted()
    {
        _folder.With("a/1.jpg", "b/2.jpg");
        var link = _folder["a", "again"];
        Directory.CreateSymbolicLink(link, _folder.Path);

        var dataset = ImageFolder.Open(_folder.Path);

        Assert.Equal(2, dataset.Items.Count);
        Assert.Equal([$"{link}: symbolic link not followed, it leads back to {_folder.Path}"], dataset.Notes);
    }

    [Fact]
    public void A_link_that_leads_nowhere_back_is_followed()
    {
        using var elsewhere = new TempFolder().With("x.jpg");
        _folder.With("a/1.jpg");
        Directory.CreateSymbolicLink(_folder["b"], elsewhere.Path);

        Assert.Equal(["a", "b"], ImageFolder.Open(_folder.Path).Classes);
    }

    [Fact]
    public void A_folder_that_does_not_exist_is_an_error()
    {
        var error = Assert.Throws<DatasetException>(() => DatasetReader.Open(_folder["nowhere"]));

        Assert.Equal(
            $"{_folder["nowhere"]}: no such file or folder; expected a folder of images, a .csv/.tsv manifest, idx files or CIFAR binaries",
            error.Message);
    }

    // By itself, so that nothing of a round is alive in the next.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long BytesOf(string folder)
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var dataset = ImageFolder.Open(folder);
        var bytes = GC.GetTotalMemory(forceFullCollection: true) - before;
        GC.KeepAlive(dataset);
        return bytes;
    }
}
