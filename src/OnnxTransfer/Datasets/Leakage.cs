namespace OnnxTransfer.Datasets;

/// <summary>One image content that stands in several splits.</summary>
/// <param name="Names">The names of the images with this content, in data set order.</param>
/// <param name="Splits">The splits they stand in.</param>
public sealed record LeakedContent(IReadOnlyList<string> Names, IReadOnlyList<Split> Splits);

/// <summary>
/// Finds images whose content stands in more than one split: a head that has seen a test image scores too well on it.
/// </summary>
public static class Leakage
{
    /// <summary>Contents that occur in more than one split, in data set order.</summary>
    /// <param name="dataset">The data set.</param>
    /// <param name="contents">A content hash for each image, item by item, image by image; null where it could not be read.</param>
    public static IReadOnlyList<LeakedContent> Find<TContent>(Dataset dataset, IEnumerable<TContent?> contents)
        where TContent : struct
    {
        // Almost always nothing leaks. Only contents outside the largest split are remembered; the largest is walked past them.
        var splits = dataset.Items.CountBy(item => item.Split).ToDictionary();
        if (splits.Count < 2)
        {
            return [];
        }

        var largest = splits.MaxBy(pair => pair.Value).Key;
        var seen = new Dictionary<TContent, Split>();
        var leaked = new HashSet<TContent>();
        foreach (var (item, _, content) in Known(dataset, contents).Where(image => image.Item.Split != largest))
        {
            if (!seen.TryAdd(content, item.Split) && seen[content] != item.Split)
            {
                leaked.Add(content);
            }
        }

        leaked.UnionWith(Known(dataset, contents)
            .Where(image => image.Item.Split == largest && seen.ContainsKey(image.Content))
            .Select(image => image.Content));
        return leaked.Count == 0 ? [] : [.. Known(dataset, contents)
            .Where(image => leaked.Contains(image.Content))
            .GroupBy(image => image.Content)
            .Select(group => new LeakedContent(
                [.. group.Select(image => image.Item.Image(image.Number).Name)],
                [.. group.Select(image => image.Item.Split).Distinct().Order()]))];
    }

    private static IEnumerable<(DatasetItem Item, int Number, TContent Content)> Known<TContent>(Dataset dataset, IEnumerable<TContent?> contents)
        where TContent : struct
    {
        using var content = contents.GetEnumerator();
        foreach (var item in dataset.Items)
        {
            for (var number = 0; number < item.ImageCount && content.MoveNext(); number++)
            {
                if (content.Current is { } known)
                {
                    yield return (item, number, known);
                }
            }
        }
    }
}
