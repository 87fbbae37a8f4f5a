// Asks a site as Juju does, by the library that Juju has for it. The address and the key come on standard input; what was found goes out as JSON, one line a step.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/juju/gomaasapi"
)

type order struct {
	URL, Key, Hostname, Subnet string
}

func say(step string, value interface{}, err error) {
	line := map[string]interface{}{"step": step, "value": value}
	if err != nil {
		line["error"] = strings.SplitN(err.Error(), "\n", 2)[0]
	}
	text, _ := json.Marshal(line)
	fmt.Println(string(text))
}

func main() {
	var told order
	if err := json.NewDecoder(os.Stdin).Decode(&told); err != nil {
		panic(err)
	}
	_, err := gomaasapi.NewController(gomaasapi.ControllerArgs{BaseURL: told.URL, APIKey: told.Key + "x"})
	say("wrong key", gomaasapi.IsPermissionError(err), nil)
	maas, err := gomaasapi.NewController(gomaasapi.ControllerArgs{BaseURL: told.URL, APIKey: told.Key})
	if err != nil {
		say("connect", nil, err)
		os.Exit(1)
	}
	say("capabilities", maas.Capabilities().SortedValues(), nil)
	lists(maas)
	files(maas)
	device := devices(maas)
	machines(maas, told, device)
}

func lists(maas gomaasapi.Controller) {
	fabrics, err := maas.Fabrics()
	say("fabrics", len(fabrics), err)
	spaces, err := maas.Spaces()
	names := []string{}
	for _, space := range spaces {
		names = append(names, space.Name())
	}
	say("spaces", names, err)
	routes, err := maas.StaticRoutes()
	say("static routes", len(routes), err)
	zones, err := maas.Zones()
	say("zones", len(zones), err)
	pools, err := maas.Pools()
	say("pools", len(pools), err)
	images, err := maas.BootResources()
	say("boot resources", len(images), err)
	domains, err := maas.Domains()
	say("domains", len(domains), err)
	tags, err := maas.Tags()
	say("tags", len(tags), err)
}

func files(maas gomaasapi.Controller) {
	err := maas.AddFile(gomaasapi.AddFileArgs{Filename: "provider-state", Content: []byte("one")})
	say("add file", nil, err)
	err = maas.AddFile(gomaasapi.AddFileArgs{Filename: "provider-state", Content: []byte("two")})
	say("replace file", nil, err)
	found, err := maas.Files("provider")
	say("files", len(found), err)
	file, err := maas.GetFile("provider-state")
	if err != nil {
		say("file", nil, err)
		return
	}
	content, err := file.ReadAll()
	say("file", string(content), err)
	say("delete file", nil, file.Delete())
	_, err = maas.GetFile("provider-state")
	say("no file", gomaasapi.IsNoMatchError(err), nil)
}

func devices(maas gomaasapi.Controller) gomaasapi.Device {
	device, err := maas.CreateDevice(gomaasapi.CreateDeviceArgs{Hostname: "container", MACAddresses: []string{"52:54:00:aa:00:01"}})
	if err != nil {
		say("device", nil, err)
		return nil
	}
	say("device", device.Hostname(), nil)
	found, err := maas.Devices(gomaasapi.DevicesArgs{MACAddresses: []string{"52:54:00:aa:00:01"}})
	say("devices", len(found), err)
	return device
}

func machines(maas gomaasapi.Controller, told order, device gomaasapi.Device) {
	all, err := maas.Machines(gomaasapi.MachinesArgs{Hostnames: []string{told.Hostname}})
	if err != nil || len(all) != 1 {
		say("machines", len(all), err)
		return
	}
	say("machines", all[0].StatusName(), nil)
	_, _, err = maas.AllocateMachine(gomaasapi.AllocateMachineArgs{MinCPUCount: 4000})
	say("no match", gomaasapi.IsNoMatchError(err), nil)
	// Juju knows spaces by their numbers, and says nothing of the size of a root disk.
	space := idOf(maas, "juju")
	machine, matches, err := maas.AllocateMachine(gomaasapi.AllocateMachineArgs{
		Hostname: told.Hostname, AgentName: "juju", MinMemory: 1024,
		Storage:    []gomaasapi.StorageSpec{{Label: "root", Size: 0}},
		Interfaces: []gomaasapi.InterfaceSpec{{Label: space, Space: space}},
	})
	if err != nil {
		say("allocate", nil, err)
		return
	}
	disks := []string{}
	for _, disk := range matches.Storage["root"] {
		disks = append(disks, disk.Path())
	}
	say("allocate", machine.StatusName(), nil)
	say("its disk", disks, nil)
	say("its card", len(matches.Interfaces[space]), nil)
	err = machine.SetOwnerData(map[string]string{"juju-controller-uuid": "1234"})
	say("owner data", machine.OwnerData()["juju-controller-uuid"], err)
	mine, err := maas.Machines(gomaasapi.MachinesArgs{AgentName: "juju"})
	say("machines of the agent", len(mine), err)
	links(maas, told, machine)
	container(maas, told, machine)
	err = machine.Start(gomaasapi.StartArgs{DistroSeries: "nothing"})
	say("no such series", err != nil, nil)
	err = maas.ReleaseMachines(gomaasapi.ReleaseMachinesArgs{SystemIDs: []string{"zzzzzz"}})
	say("release nobody", gomaasapi.IsBadRequestError(err), nil)
	err = maas.ReleaseMachines(gomaasapi.ReleaseMachinesArgs{SystemIDs: []string{machine.SystemID()}, Comment: "done"})
	say("release", nil, err)
	mine, err = maas.Machines(gomaasapi.MachinesArgs{AgentName: "juju"})
	say("machines of the agent afterwards", len(mine), err)
	err = maas.ReleaseMachines(gomaasapi.ReleaseMachinesArgs{SystemIDs: []string{machine.SystemID()}})
	say("release again", nil, err)
	if device != nil {
		say("delete device", nil, device.Delete())
	}
}

func idOf(maas gomaasapi.Controller, name string) string {
	spaces, _ := maas.Spaces()
	for _, space := range spaces {
		if space.Name() == name {
			return strconv.Itoa(space.ID())
		}
	}
	return ""
}

// A container on the machine: its card is named, put on the VLAN of the subnet, and given an address there.
func container(maas gomaasapi.Controller, told order, machine gomaasapi.Machine) {
	spaces, _ := maas.Spaces()
	for _, space := range spaces {
		for _, subnet := range space.Subnets() {
			if subnet.CIDR() != told.Subnet {
				continue
			}
			made, err := machine.CreateDevice(gomaasapi.CreateMachineDeviceArgs{
				Hostname: "juju-0-lxd-0", InterfaceName: "eth0", MACAddress: "52:54:00:aa:00:02", Subnet: subnet,
			})
			if err != nil {
				say("container", nil, err)
				return
			}
			found, err := machine.Devices(gomaasapi.DevicesArgs{Hostname: []string{"juju-0-lxd-0"}})
			addresses := []string{}
			for _, device := range found {
				addresses = append(addresses, device.InterfaceSet()[0].Links()[0].IPAddress())
			}
			say("container", addresses, err)
			say("delete container", nil, made.Delete())
		}
	}
}

func links(maas gomaasapi.Controller, told order, machine gomaasapi.Machine) {
	spaces, err := maas.Spaces()
	if err != nil {
		say("link", nil, err)
		return
	}
	card := machine.InterfaceSet()[0]
	for _, space := range spaces {
		for _, subnet := range space.Subnets() {
			if subnet.CIDR() != told.Subnet {
				continue
			}
			err = card.LinkSubnet(gomaasapi.LinkSubnetArgs{Mode: gomaasapi.LinkModeStatic, Subnet: subnet})
			addresses := []string{}
			for _, link := range card.Links() {
				addresses = append(addresses, link.IPAddress())
			}
			say("link", addresses, err)
			say("unlink", nil, card.UnlinkSubnet(subnet))
			say("links", len(card.Links()), nil)
		}
	}
}
