using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using OnnxTransfer.Datasets;

namespace OnnxTransfer.Evaluation;

/// <summary>The tasks of a study of transfer: the same for every way, named by all that answers depend on.</summary>
internal sealed class TransferTasks
{
    private readonly Dataset _data;
    private readonly string _content;
    private readonly long _seed;
    private readonly TransferSubsets[] _subsets;

    /// <summary>Draws the labels of every repeat. <paramref name="content"/>: what names the images' content.</summary>
    public TransferTasks(Dataset data, string content, long seed, int repeats)
    {
        (_data, _seed) = (data, seed);
        _subsets = [.. Enumerable.Range(0, repeats).Select(repeat => new TransferSubsets(data, unchecked(seed + repeat)))];
        _content = ContentOf(data, content);
        Test = [.. Enumerable.Range(0, data.Items.Count).Where(i => data.Items[i].Split == Split.Test)];
    }

    /// <summary>The places of the test items.</summary>
    public int[] Test { get; }

    /// <summary>A way's task at a share, for each repeat.</summary>
    public TransferTask[] Of(TransferWay way, double share, bool isWhole) =>
        [.. _subsets.Select((subset, repeat) => Of(way, subset.At(share), share, repeat, isWhole))];

    private TransferTask Of(TransferWay way, int[] train, double share, int repeat, bool isWhole)
    {
        var isTrain = train.ToHashSet();
        long seed = unchecked(_seed + repeat);
        var task = new TransferTask
        {
            Data = _data with
            {
                HasOwnSplits = true,
                Items = [.. _data.Items.Where((item, i) => item.Split == Split.Test || isTrain.Contains(i))
                    .Select(item => item.Split == Split.Validation ? item with { Split = Split.Train } : item)],
            },
            Train = train,
            Test = Test,
            Share = share,
            Repeat = repeat,
            Seed = seed,
            IsWhole = isWhole,
            Key = "",
        };
        string[] parts = [_content, way.Name, way.Settings, task.MeasuresSource ? way.SourceSettings : "", $"{seed}", string.Join(',', train)];
        return task with { Key = Hash(string.Join('\n', parts))[..32] };
    }

    // Everything of the items that fits or scores depend on.
    private static string ContentOf(Dataset data, string content)
    {
        var text = new StringBuilder(content);
        text.AppendJoin('\t', ["", $"{data.IsRegression}", $"{data.IsMultiLabel}", .. data.Classes, "", .. data.TargetNames, "", .. data.NumberNames]);
        foreach (var item in data.Items)
        {
            text.Append('\n').AppendJoin('\t', [
                item.Name, $"{item.Split}", $"{item.Label}", string.Join(' ', item.LabelSet), Told(item.Target), string.Join(' ', item.Targets.Select(Told)),
                Told(item.Weight), item.Group ?? "", string.Join(' ', item.Numbers.Select(number => Told(number)))]);
        }

        return Hash(text.ToString());

        static string Told(double value) => value.ToString("R", CultureInfo.InvariantCulture);
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
