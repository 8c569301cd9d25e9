using OnnxTransfer.Datasets;
using OnnxTransfer.Evaluation;

namespace OnnxTransfer.Tests.Evaluation;

public sealed class TransferSubsetsTests
{
    private static readonly double[] Shares = [0.01, 0.05, 0.1, 0.25, 0.5, 1];

    [Fact]
    public void Shares_are_nested_stratified_and_keep_every_class()
    {
        var data = MadeUpTransfer.Classes([400, 100, 7], [5, 5, 5]);
        var subsets = new TransferSubsets(data, 3);
        int[] before = [];
        foreach (double share in Shares)
        {
            int[] items = subsets.At(share);
            Assert.Empty(before.Except(items));
            Assert.Equal(items.Order().Distinct(), items);
            Assert.All(items, i => Assert.Equal(Split.Train, data.Items[i].Split));
            Assert.Equal(
                [Math.Max(1, share * 400), Math.Max(1, share * 100), Math.Max(1, Math.Round(share * 7, MidpointRounding.AwayFromZero))],
                items.GroupBy(i => data.Items[i].Label).OrderBy(c => c.Key).Select(c => (double)c.Count()));
            before = items;
        }

        Assert.Equal(Enumerable.Range(0, 507), before);
    }

    [Fact]
    public void The_seed_decides_and_another_draws_others()
    {
        var data = MadeUpTransfer.Classes([200, 200], [1, 1]);
        Assert.Equal(new TransferSubsets(data, 1).At(0.1), new TransferSubsets(data, 1).At(0.1));
        Assert.NotEqual(new TransferSubsets(data, 1).At(0.1), new TransferSubsets(data, 2).At(0.1));
    }

    [Fact]
    public void Validation_items_are_labels_too_and_test_items_are_not()
    {
        var data = MadeUpTransfer.Classes([10, 10], [4, 4]);
        data = data with { Items = [.. data.Items.Select((item, i) => i % 2 == 0 && item.Split == Split.Train ? item with { Split = Split.Validation } : item)] };
        Assert.Equal(Enumerable.Range(0, 20), new TransferSubsets(data, 0).At(1));
    }

    [Fact]
    public void Groups_stay_whole()
    {
        var data = MadeUpTransfer.Classes([60, 60], [1, 1]);
        data = data with { Items = [.. data.Items.Select((item, i) => item with { Group = item.Split == Split.Test ? null : $"group{i / 5}" })] };
        var subsets = new TransferSubsets(data, 5);
        foreach (double share in Shares)
        {
            Assert.All(subsets.At(share).GroupBy(i => data.Items[i].Group), group => Assert.Equal(5, group.Count()));
        }

        Assert.Equal(10, subsets.At(0.01).Length); // a group of each class
        Assert.Equal(60, subsets.At(0.5).Length);
    }

    [Fact]
    public void A_class_that_is_found_only_in_groups_of_others_is_there_from_the_first_share_on()
    {
        // Every group begins with class 0; one of them holds all of class 1.
        var items = Enumerable.Range(0, 100).Select(i => MadeUpTransfer.Item($"{i}") with { Group = $"{i / 4}", Label = i / 4 == 17 && i % 4 > 0 ? 1 : 0 });
        var data = MadeUpTransfer.Classes([1, 1], [1, 1]) with { Items = [.. items] };
        for (int seed = 0; seed < 5; seed++)
        {
            var subsets = new TransferSubsets(data, seed);
            int[] before = [];
            foreach (double share in Shares)
            {
                int[] now = subsets.At(share);
                Assert.Contains(now, i => data.Items[i].Label == 1);
                Assert.Empty(before.Except(now));
                before = now;
            }

            Assert.InRange(subsets.At(0.01).Length, 4, 8);
        }
    }

    [Fact]
    public void Of_several_labels_each_is_known_and_values_begin_with_two()
    {
        var labels = MadeUpTransfer.Classes([1, 1, 1, 1], [1, 1, 1, 1]) with
        {
            IsMultiLabel = true,
            Items = [.. Enumerable.Range(0, 200).Select(i => MadeUpTransfer.Item($"{i}") with { LabelSet = i % 50 == 0 ? [0, 3] : i % 2 == 0 ? [0, 1] : [2] })],
        };
        Assert.Equal([0, 1, 2, 3], new TransferSubsets(labels, 1).At(0.01).SelectMany(i => labels.Items[i].LabelSet).Distinct().Order());
        var values = MadeUpTransfer.Classes([100], [10]) with { IsRegression = true, Classes = [] };
        Assert.Equal([2, 2, 10, 100], new[] { 0.001, 0.02, 0.1, 1 }.Select(share => new TransferSubsets(values, 1).At(share).Length));
    }
}
