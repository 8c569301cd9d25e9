using OnnxTransfer.Datasets;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Tests.Evaluation;

/// <summary>Data sets without images, and ways to learn whose answers are known.</summary>
internal static class MadeUpTransfer
{
    /// <summary>So many train items of each class, and as many test items of each as asked for.</summary>
    public static Dataset Classes(int[] train, int[] test) => new()
    {
        Source = "made up",
        Classes = [.. train.Select((_, c) => $"class{c}")],
        HasOwnSplits = true,
        Items =
        [
            .. train.SelectMany((count, c) => Enumerable.Range(0, count).Select(i => Item($"train{c}-{i}") with { Label = c })),
            .. test.SelectMany((count, c) => Enumerable.Range(0, count).Select(i => Item($"test{c}-{i}") with { Label = c, Split = Split.Test })),
        ],
    };

    public static DatasetItem Item(string name) => new() { Images = [new ImageSource(name)] };

    /// <summary>A way that is right on the first of the test items, as many as <paramref name="right"/> says of the labels it was given.</summary>
    public static TransferWay Right(string name, Func<int, int> right, double seconds = 1) => Way(name, (task, place, item) => place < right(task.Train.Length), seconds);

    /// <summary>A way that is right where <paramref name="isRight"/> says so of the task, the place of the test item and the item; else it names the next class.</summary>
    public static TransferWay Way(string name, Func<TransferTask, int, DatasetItem, bool> isRight, double seconds = 1) => new(name, (task, _) =>
    {
        var items = task.Data.Items.Where(item => item.Split == Split.Test).ToArray();
        var probabilities = new Matrix(items.Length, task.Data.Classes.Count);
        foreach (var (i, item) in items.Index())
        {
            probabilities.Row(i)[isRight(task, i, item) ? item.Label : (item.Label + 1) % task.Data.Classes.Count] = 1;
        }

        return new TransferAnswer(probabilities, seconds * task.Train.Length);
    });

    /// <summary>A way that answers the same whatever it is given.</summary>
    public static TransferWay Fixed(string name, Matrix predictions) => new(name, (_, _) => new TransferAnswer(predictions, 1));
}
