using OnnxTransfer.Numerics;

namespace OnnxTransfer.Tests.Numerics;

public sealed class FoldAssignmentTests
{
    [Fact]
    public void Classes_are_spread_evenly()
    {
        int[] labels = [.. Enumerable.Range(0, 103).Select(i => i % 10 == 0 ? 0 : i % 3 == 0 ? 1 : 2)];
        int[] folds = FoldAssignment.Make(103, labels, [], 5, seed: 1);
        for (int label = 0; label < 3; label++)
        {
            int[] counts = [.. Enumerable.Range(0, 5).Select(fold => Enumerable.Range(0, 103).Count(i => folds[i] == fold && labels[i] == label))];
            Assert.InRange(counts.Max() - counts.Min(), 0, 1);
        }

        int[] sizes = [.. Enumerable.Range(0, 5).Select(fold => folds.Count(f => f == fold))];
        Assert.InRange(sizes.Max() - sizes.Min(), 0, 1);
    }

    [Fact]
    public void Groups_stay_whole_and_every_fold_gets_some()
    {
        string[] groups = [.. Enumerable.Range(0, 60).Select(i => $"g{i * i % 13}")];
        int[] labels = [.. Enumerable.Range(0, 60).Select(i => i % 4)];
        int count = groups.Distinct().Count();
        int[] folds = FoldAssignment.Make(60, labels, groups, count, seed: 2);
        Assert.Equal(count, folds.Distinct().Count());
        Assert.All(Enumerable.Range(0, 60).GroupBy(i => groups[i]), group => Assert.Single(group.Select(i => folds[i]).Distinct()));
    }

    [Fact]
    public void The_seed_decides()
    {
        Assert.Equal(FoldAssignment.Make(40, [], [], 4, 9), FoldAssignment.Make(40, [], [], 4, 9));
        Assert.NotEqual(FoldAssignment.Make(40, [], [], 4, 9), FoldAssignment.Make(40, [], [], 4, 10));
    }
}
