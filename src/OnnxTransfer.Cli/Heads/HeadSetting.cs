namespace OnnxTransfer.Cli.Heads;

/// <summary>A setting of a head, as <c>--set NAME=VALUE</c> gives it.</summary>
/// <param name="Name">Its name there.</param>
/// <param name="About">What it does, which values it takes.</param>
/// <param name="Default">What holds where it is not given, for people.</param>
internal sealed record HeadSetting(string Name, string About, string Default)
{
    /// <summary>The setting that nearly every head has.</summary>
    public static HeadSetting Standardise { get; } = new("standardise", "bring every column to mean 0 and deviation 1 first: true or false", "true");
}
