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
    public static IReadOnlyList<LeakedContent> Find(Dataset dataset, IReadOnlyList<string?> contents)
    {
        var images = dataset.Items.SelectMany(item => item.Images.Select(image => (image.Name, item.Split)));
        return [.. images.Zip(contents)
            .Where(pair => pair.Second is not null)
            .GroupBy(pair => pair.Second, pair => pair.First, StringComparer.Ordinal)
            .Where(group => group.Select(image => image.Split).Distinct().Skip(1).Any())
            .Select(group => new LeakedContent(
                [.. group.Select(image => image.Name)],
                [.. group.Select(image => image.Split).Distinct().Order()]))];
    }
}
