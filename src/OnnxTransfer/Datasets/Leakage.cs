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
        var images = dataset.Items.SelectMany(item => Enumerable.Range(0, item.ImageCount), (item, image) => (Item: item, Image: image)).Zip(contents);
        var seen = new Dictionary<TContent, Split>();
        var leaked = new HashSet<TContent>();
        foreach (var ((item, _), content) in images.Where(image => image.First.Item.Split != largest))
        {
            if (content is { } known && !seen.TryAdd(known, item.Split) && seen[known] != item.Split)
            {
                leaked.Add(known);
            }
        }

        leaked.UnionWith(images
            .Where(image => image.First.Item.Split == largest && image.Second is { } content && seen.ContainsKey(content))
            .Select(image => image.Second!.Value));
        return leaked.Count == 0 ? [] : [.. images
            .Where(image => image.Second is { } content && leaked.Contains(content))
            .GroupBy(image => image.Second!.Value, image => image.First)
            .Select(group => new LeakedContent(
                [.. group.Select(image => image.Item.Image(image.Image).Name)],
                [.. group.Select(image => image.Item.Split).Distinct().Order()]))];
    }
}
