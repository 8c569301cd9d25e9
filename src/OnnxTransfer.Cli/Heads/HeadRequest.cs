using System.Globalization;
using OnnxTransfer.Heads;

namespace OnnxTransfer.Cli.Heads;

/// <summary>What was asked of a head: the options that all share, and the settings given for it.</summary>
internal sealed class HeadRequest
{
    private const int WidestLayer = 65_536;

    private readonly Dictionary<string, string> _settings;

    public HeadRequest(string head, IReadOnlyList<HeadSetting> known, IReadOnlyDictionary<string, string> settings)
    {
        Head = head;
        _settings = new(settings, StringComparer.Ordinal);
        foreach (var name in settings.Keys.Where(name => known.All(setting => setting.Name != name)))
        {
            var all = known.Count == 0 ? "it has none" : $"expected one of: {string.Join(", ", known.Select(setting => setting.Name))}";
            throw new UsageException($"--set {name}: head '{head}' has no such setting; {all} ('onnxtransfer heads {head}' tells more)");
        }
    }

    public string Head { get; }

    public HeadTask Task { get; init; }

    public double? L2 { get; init; }

    public bool LogTarget { get; init; }

    public double HeldOut { get; init; } = 0.2;

    public long Seed { get; init; }

    /// <summary>The search for an L2 or its like, with the share held out and the seed that were asked for.</summary>
    public L2Search Search(L2Search search) => search with { HeldOut = HeldOut, Seed = Seed };

    /// <summary>A whole number from <paramref name="least"/> to <paramref name="most"/>.</summary>
    public int? Int(string name, int least = 0, int most = int.MaxValue) => Read(
        name, most == int.MaxValue ? $"a whole number of at least {least}" : $"a whole number from {least} to {most}",
        text => int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most ? value : (int?)null);

    /// <summary>A finite number that <paramref name="fits"/>; <paramref name="expected"/> says which do.</summary>
    public double? Number(string name, string expected, Func<double, bool> fits) => Read(
        name, expected, text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value) && fits(value) ? value : (double?)null);

    public bool? Flag(string name) => Read(name, "true or false", text => bool.TryParse(text, out var value) ? value : (bool?)null);

    public TEnum? Choice<TEnum>(string name)
        where TEnum : struct, Enum => Read(
            name, string.Join(", ", Enum.GetNames<TEnum>().Select(Kebab)),
            text => Enum.TryParse<TEnum>(text.Replace("-", "", StringComparison.Ordinal), ignoreCase: true, out var value) && Enum.IsDefined(value) && !char.IsAsciiDigit(text[0]) ? value : (TEnum?)null);

    /// <summary>Whole numbers separated by commas; "none" is an empty list.</summary>
    public int[]? Ints(string name)
    {
        if (!_settings.TryGetValue(name, out var text) || text == "none")
        {
            return text is null ? null : [];
        }

        var parts = text.Split(',', StringSplitOptions.TrimEntries);
        return parts.All(part => int.TryParse(part, NumberStyles.Integer, CultureInfo.InvariantCulture, out var value) && value is >= 1 and <= WidestLayer)
            ? [.. parts.Select(part => int.Parse(part, CultureInfo.InvariantCulture))]
            : throw Wrong(name, text, $"whole numbers from 1 to {WidestLayer} separated by commas, or none");
    }

    /// <summary>Refuses a setting that would do nothing beside another, or for this task.</summary>
    public void Refuse(string name, bool wrong, string why)
    {
        if (wrong && _settings.ContainsKey(name))
        {
            throw new UsageException($"--set {name}: {why}; leave it out");
        }
    }

    private static string Kebab(string name) => string.Concat(name.Select((c, i) => i > 0 && char.IsUpper(c) ? $"-{char.ToLowerInvariant(c)}" : $"{char.ToLowerInvariant(c)}"));

    private T? Read<T>(string name, string expected, Func<string, T?> parse)
        where T : struct => _settings.TryGetValue(name, out var text) ? parse(text) ?? throw Wrong(name, text, expected) : null;

    private UsageException Wrong(string name, string text, string expected) => new($"--set {name}={text}: head '{Head}' expects {expected}");
}
