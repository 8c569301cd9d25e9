using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Heads;
using OnnxTransfer.Imaging;
using OnnxTransfer.Tests.Backbones;

namespace OnnxTransfer.Tests.Embeddings;

/// <summary>Augmented views in the cache, found again by content, and as rows to fit on.</summary>
public sealed class AugmentedViewTests : IDisposable
{
    private static readonly Augmentation Some = Augmentation.Parse("crop:0.3-1,flip,color:0.2");

    private readonly TempFolder _folder = new();
    private readonly TinyBackbone _tiny = new();
    private readonly Backbone _backbone;

    public AugmentedViewTests() => _backbone = Backbone.Load("tiny", settings: new BackboneSettings { Catalogue = _tiny.Catalogue, Threads = 1 });

    public void Dispose()
    {
        _backbone.Dispose();
        _tiny.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void A_view_is_embedded_once_and_beside_the_plain_images()
    {
        var images = ImageFolder.Open(SmallImages.Write(_folder, 11));
        var (plain, view, other) = (Run(images, null), Run(images, new(Some, 1)), Run(images, new(Some, 2)));
        var (plainAgain, viewAgain, reseeded) = (Run(images, null), Run(images, new(Some, 1)), Run(images, new(Some, 1, Seed: 7)));

        Assert.Equal([11, 11, 11, 0, 0, 11], new[] { plain, view, other, plainAgain, viewAgain, reseeded }.Select(run => run.Embedded));
        Assert.Equal(plain.Rows, plainAgain.Rows);
        Assert.Equal(view.Rows, viewAgain.Rows);
        Assert.Equal(4, new[] { plain, view, other, reseeded }.Select(run => string.Join(' ', run.Rows[3])).Distinct().Count());
    }

    [Fact]
    public void The_plain_spaces_are_named_as_before_and_a_view_by_all_of_it()
    {
        var images = ImageFolder.Open(SmallImages.Write(_folder, 2));
        Run(images, null);
        Run(images, new(Some, 3, Seed: 5));

        string[] spaces = [.. Directory.GetFiles(_folder["cache"], "space.json", SearchOption.AllDirectories).Select(File.ReadAllText)];
        Assert.Equal(4, spaces.Length); // two taps
        Assert.Equal(2, spaces.Count(space => space.Contains("\"shorterSide 10 bicubic crop 8x8\"", StringComparison.Ordinal)));
        Assert.Equal(2, spaces.Count(space => space.Contains("\"shorterSide 10 bicubic crop 8x8; view 3 of seed 5: crop:0.3-1,flip:0.5,color:0.2\"", StringComparison.Ordinal)));
    }

    [Fact]
    public void What_is_drawn_follows_from_content_not_from_name_or_order()
    {
        var images = SmallImages.Write(_folder, 9);
        var first = Run(ImageFolder.Open(images), new(Some, 1));
        File.Move(_folder["images", "odd", "0001.bmp"], _folder["images", "odd", "9.bmp"]);
        Directory.Delete(_folder["images", "even"], recursive: true);

        var fresh = Run(ImageFolder.Open(images), new(Some, 1), "other");

        Assert.Equal(4, fresh.Embedded);
        Assert.Equal(first.Rows[first.Names.IndexOf("0001.bmp")], fresh.Rows[fresh.Names.IndexOf("9.bmp")]);
        Assert.Equal(first.Rows[first.Names.IndexOf("0003.bmp")], fresh.Rows[fresh.Names.IndexOf("0003.bmp")]);
    }

    [Fact]
    public void A_view_that_changes_nothing_is_the_image()
    {
        var images = ImageFolder.Open(SmallImages.Write(_folder, 5));

        Assert.Equal(Run(images, null).Rows, Run(images, new(new Augmentation(), 1)).Rows);
    }

    [Fact]
    public void Every_view_of_every_image_has_a_seed_of_its_own()
    {
        var (one, two) = (ContentKey.Of([1]), ContentKey.Of([2]));
        var views = new[] { new AugmentedView(Some, 1), new(Some, 2), new(Some, 1, Seed: 1), new(Some, 2, Seed: 1) };

        Assert.Equal(8, views.SelectMany(view => new[] { view.SeedOf(one), view.SeedOf(two) }).Distinct().Count());
        Assert.Equal(new AugmentedView(Some, 1).SeedOf(one), new AugmentedView(new Augmentation(), 1).SeedOf(one)); // what happens is not what is drawn
        Assert.Throws<ArgumentOutOfRangeException>(() => new AugmentedView(Some, 0));
    }

    [Fact]
    public void Views_are_fitted_on_with_their_items_and_not_measured_on()
    {
        var images = ImageFolder.Open(SmallImages.WriteLearnable(_folder, 12)).Draw(Split.Test, 0.25, 1);
        using var cache = EmbeddingCache.Open(_folder["cache"]);
        var plain = Embedder.Run(_backbone, images, cache);
        var views = ViewedRun.Run(_backbone, plain, cache, AugmentedView.Several(Some, 3), [Split.Train]);

        var set = views.ToSet();

        Assert.Equal(24 + (3 * 18), set.Count);
        Assert.Equal(6, set.Of(Split.Test).Count);
        Assert.Equal(24, set.Weights.Sum(), 1e-9);
        Assert.Equal(0.25, set.Of(Split.Train).Weights.Distinct().Single(), 1e-12);
        Assert.Equal([0, 1, 2, 3], set.Views.Distinct().Order());
        Assert.Equal(24, set.Groups.Distinct().Count());
        foreach (var item in Enumerable.Range(0, set.Count).GroupBy(i => set.Groups[i]))
        {
            Assert.Single(item.Select(i => (set.Names[i], set.Labels[i], set.Splits[i])).Distinct());
            Assert.Equal(set.Splits[item.First()] == Split.Train ? 4 : 1, item.Count());
        }

        var train = set.Of(Split.Train);
        foreach (var fold in Folds.Make(train, 3))
        {
            Assert.All(fold.Test, i => Assert.Equal(0, train.Views[i]));
            Assert.Empty(fold.Test.Select(i => train.Groups[i]).Intersect(fold.Train.Select(i => train.Groups[i])));
            Assert.Equal(4 * 12, fold.Train.Length);
        }

        var holdout = Holdout.Make(train, 0.25, 0, "L2", "");
        Assert.All(holdout.Validation!.Views, view => Assert.Equal(0, view));
        Assert.Empty(holdout.Validation.Groups.Intersect(holdout.Fit.Groups));
        Assert.True(new LogisticRegression { L2 = 1e-2 }.Fit(train).EvaluateClasses(plain.ToSet().Of(Split.Test)).Accuracy > 0.9);
    }

    [Fact]
    public void Rows_of_views_are_those_of_the_view_and_answers_are_averaged_item_by_item()
    {
        var images = ImageFolder.Open(SmallImages.WriteLearnable(_folder, 6)).Draw(Split.Test, 0.5, 1);
        using var cache = EmbeddingCache.Open(_folder["cache"]);
        var plain = Embedder.Run(_backbone, images, cache);
        var whole = Embedder.Run(_backbone, images, cache, new EmbedSettings { View = new(Some, 2) }).ToSet();
        var views = ViewedRun.Run(_backbone, plain, cache, AugmentedView.Several(Some, 2), [Split.Test]);

        var (set, aligned) = views.Aligned();

        Assert.Equal([.. plain.ToSet().Of(Split.Test).Names], set.Names);
        Assert.Equal(2, aligned.Count);
        var expected = whole.Of(Split.Test);
        for (int i = 0; i < set.Count; i++)
        {
            Assert.Equal(expected.Rows[i].ToArray(), aligned[1].Rows[i].ToArray());
        }

        var all = views.ToSet();
        Assert.Equal(expected.Rows[0].ToArray(), all.Rows[all.Count - set.Count].ToArray());
        Assert.Equal(all.Names, views.RowItems.Select(item => plain.ToSet().Names[item]));
        Assert.Empty(ViewedRun.Run(_backbone, plain, cache, AugmentedView.Several(Some, 2), [Split.Validation]).Views);
    }

    [Fact]
    public void Sets_that_do_not_fit_are_not_stacked()
    {
        var (a, b) = (Tests.Heads.Planted.Classes(4, 3, 2), Tests.Heads.Planted.Classes(5, 4, 2));
        var error = Assert.Throws<ArgumentException>(() => EmbeddingSet.Stack([a, b]));
        Assert.Contains("set 1 has 4 values a row and 2 classes, set 0 3 and 2; expected the same width, classes and kind of answers in all", error.Message);

        var stacked = EmbeddingSet.Stack([a, a with { Weights = [1, 2, 3, 4] }]);
        Assert.Equal([1, 1, 1, 1, 1, 2, 3, 4], stacked.Weights);
        Assert.Equal(a.Rows[1].ToArray(), stacked.Rows[5].ToArray());
    }

    [SkippableFact]
    public void Views_of_photos_are_kept_and_a_second_run_embeds_nothing()
    {
        var photos = ImageFolder.OpenFiles([TestData.Require("photos")]);
        using var backbone = Backbone.Load("resnet14-cifar10");
        var view = new AugmentedView(Augmentation.Parse("flip,crop:0.5-1,rotate:15,shift:0.1,shear:10,zoom:0.8-1.2,color:0.2,hue:0.05,cutout:0.25,pad:4"), 1);
        using var cache = EmbeddingCache.Open(_folder["cache"]);

        var first = Embedder.Run(backbone, photos, cache, new EmbedSettings { View = view, MaxFailures = null });
        var second = Embedder.Run(backbone, photos, cache, new EmbedSettings { View = view, MaxFailures = null });

        Assert.True(first.Report.Embedded >= 4, $"{first.Report.Embedded} embedded");
        Assert.Equal((0, first.Report.Embedded), (second.Report.Embedded, second.Report.FromCache));
    }

    private (int Embedded, List<float[]> Rows, List<string> Names) Run(Dataset images, AugmentedView? view, string cache = "cache")
    {
        using var open = EmbeddingCache.Open(_folder[cache]);
        var run = Embedder.Run(_backbone, images, open, new EmbedSettings { View = view });
        var set = run.ToSet();
        return (run.Report.Embedded, [.. Enumerable.Range(0, set.Count).Select(i => set.Rows[i].ToArray())], [.. set.Names.Select(name => Path.GetFileName(name)!)]);
    }
}
