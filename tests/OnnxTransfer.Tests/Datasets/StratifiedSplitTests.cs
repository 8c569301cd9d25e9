using OnnxTransfer.Datasets;

namespace OnnxTransfer.Tests.Datasets;

public sealed class StratifiedSplitTests
{
    [Fact]
    public void Every_class_gives_its_share_and_nothing_is_lost()
    {
        var (train, test) = Make([50, 30, 20]).Split(0.2, seed: 1);

        Assert.Equal([10, 6, 4], test.Items.CountBy(item => item.Label).OrderBy(pair => pair.Key).Select(pair => pair.Value));
        Assert.Equal(100, train.Items.Concat(test.Items).Select(item => item.Name).Distinct().Count());
    }

    [Fact]
    public void One_seed_gives_one_split()
    {
        var data = Make([50, 50]);

        Assert.Equal(Names(data.Split(0.3, 7).Test), Names(data.Split(0.3, 7).Test));
        Assert.NotEqual(Names(data.Split(0.3, 7).Test), Names(data.Split(0.3, 8).Test));
    }

    [Fact]
    public void Groups_are_never_torn_apart()
    {
        var data = Make([40, 40], i => $"g{i % 16}");

        var (train, test) = data.Split(0.25, 3);

        Assert.NotEmpty(test.Items);
        Assert.Empty(train.Items.Select(item => item.Group).Intersect(test.Items.Select(item => item.Group)));
    }

    [Fact]
    public void A_class_with_one_image_cannot_be_split()
    {
        var error = Assert.Throws<DatasetException>(() => Make([5, 1]).Split(0.2, 0));

        Assert.Equal(
            "made up: class 'class1' has only one image (5.jpg); a test split needs two or more of every class: add images, take the class out, or give own splits",
            error.Message);
    }

    [Fact]
    public void Several_labels_are_stratified_by_the_rarest_and_a_lonely_one_stays()
    {
        // 40 items: all bear 'common', every fourth 'rare' too, one alone 'lonely'.
        var data = Make([40]) with { IsMultiLabel = true, Classes = ["common", "rare", "lonely"] };
        data = data with
        {
            Items = [.. data.Items.Select((item, i) => item with { Label = -1, LabelSet = i == 3 ? [0, 2] : i % 4 == 0 ? [0, 1] : [0] })],
        };

        var (train, test) = data.Split(0.2, seed: 1);

        Assert.Equal(2, test.Items.Count(item => item.LabelSet.Contains(1)));
        Assert.Equal(8, test.Items.Count);
        Assert.Contains(train.Items, item => item.LabelSet.Contains(2));
        var all = data with { Items = [.. data.Items.Take(3).Select((item, i) => item with { LabelSet = [i] })] };
        Assert.Equal(
            "made up: every label is the rarest of one item or group only, so that none can be drawn; add images, or give own splits",
            Assert.Throws<DatasetException>(() => all.Split(0.2)).Message);
    }

    [Fact]
    public void Own_test_items_are_kept()
    {
        var data = Make([4, 4]);
        data = data with { HasOwnSplits = true, Items = [.. data.Items.Select((item, i) => i == 2 ? item with { Split = Split.Test } : item)] };

        Assert.Equal(["2.jpg"], Names(data.Split(0.5, 0).Test));
    }

    [Fact]
    public void Content_in_two_splits_is_reported()
    {
        var data = Make([3, 3]).Draw(Split.Test, 0.34, 0);
        var test = data.Items.First(item => item.Split == Split.Test);
        var train = data.Items.First(item => item.Split == Split.Train);
        var contents = data.Items.Select((item, i) => (int?)(item == test || item == train ? -1 : i)).ToArray();

        var leak = Assert.Single(Leakage.Find(data, contents));

        Assert.Equal([Split.Train, Split.Test], leak.Splits);
        Assert.Equal(new[] { test.Name, train.Name }.Order(), leak.Names.Order());
    }

    private static string[] Names(Dataset dataset) => [.. dataset.Items.Select(item => item.Name)];

    private static Dataset Make(int[] counts, Func<int, string>? group = null) => new()
    {
        Source = "made up",
        Classes = [.. counts.Select((_, label) => $"class{label}")],
        Items = [.. counts.SelectMany((count, label) => Enumerable.Repeat(label, count)).Select((label, i) => new DatasetItem
        {
            Images = [new ImageSource($"{i}.jpg")],
            Label = label,
            Group = group is null ? null : $"{label}{group(i)}",
        })],
    };
}
