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
    public static IReadOnlyList<LeakedContent> Find<TContent>(Dataset dataset, IReadOnlyList<TContent?> contents)
        where TContent : struct
    {
        // Almost always nothing leaks: a first pass only notes where each content was seen first.
        var images = dataset.Items.SelectMany(item => item.Images, (item, image) => (image.Name, item.Split));
        var seen = new Dictionary<TContent, Split>();
        var leaked = new HashSet<TContent>();
        foreach (var (split, content) in dataset.Items.SelectMany(item => item.Images, (item, _) => item.Split).Zip(contents))
        {
            if (content is { } known && !seen.TryAdd(known, split) && seen[known] != split)
            {
                leaked.Add(known);
            }
        }

        return leaked.Count == 0 ? [] : [.. images.Zip(contents)
            .Where(pair => pair.Second is { } content && leaked.Contains(content))
            .GroupBy(pair => pair.Second!.Value, pair => pair.First)
            .Select(group => new LeakedContent(
                [.. group.Select(image => image.Name)],
                [.. group.Select(image => image.Split).Distinct().Order()]))];
    }
}
